#include "layout_path.hpp"

#include <algorithm>

namespace medsave {

std::vector<std::string_view> layout_path_names(std::string_view path) {
  std::vector<std::string_view> out;
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    const std::string_view part = path.substr(0, slash);
    if (!part.empty() && part != ".") out.push_back(part);
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return out;
}

}  // namespace medsave
