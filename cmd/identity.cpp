#include "identity.hpp"

#include <algorithm>
#include <string_view>

namespace medsave::cli {

Identity identity_of(const char* called, const std::vector<std::string>& arguments) {
  const std::string_view path = called != nullptr ? called : "";
  if (path.substr(path.find_last_of('/') + 1) == "restic") return Identity::restic;
  const auto end = std::ranges::find(arguments, "--");
  return std::find(arguments.begin(), end, "--as-restic") != end ? Identity::restic
                                                                 : Identity::medsave;
}

const char* program_name(Identity identity) {
  return identity == Identity::restic ? "restic" : "medsave";
}

}  // namespace medsave::cli
