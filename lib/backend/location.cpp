#include "medsave/backend/location.hpp"

#include "medsave/backend/local_backend.hpp"
#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace medsave {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// What stands before the first colon where that looks like a scheme, else empty.
std::string_view scheme_of(std::string_view location) {
  const std::size_t colon = location.find(':');
  if (colon == std::string_view::npos || colon == 0) return {};
  const std::string_view scheme = location.substr(0, colon);
  const bool plausible = is_letter(scheme.front()) && std::ranges::all_of(scheme, [](char c) {
                           return is_letter(c) || (c >= '0' && c <= '9') || c == '+' || c == '-';
                         });
  return plausible ? scheme : std::string_view{};
}

[[noreturn]] void refuse_scheme(std::string_view scheme) {
  static constexpr std::array<std::string_view, 8> kRemote = {"sftp", "rest",  "s3",    "b2",
                                                              "gs",   "azure", "swift", "rclone"};
  // The rest of the location may hold a password and is not shown.
  if (std::ranges::find(kRemote, scheme) != kRemote.end()) {
    throw Error(Errc::usage,
                format_text(_("repositories of the kind \"{}:\" are not supported by this version; "
                              "give a folder: PATH or local:PATH"),
                            scheme));
  }
  throw Error(Errc::usage, format_text(_("\"{}:\" is not a known kind of repository; give a "
                                         "folder: PATH or local:PATH (./{}:... for a folder with "
                                         "a colon in its name)"),
                                       scheme, scheme));
}

}  // namespace

std::unique_ptr<Backend> open_location(const std::string& location) {
  std::string path = location;
  if (const std::string_view scheme = scheme_of(location); !scheme.empty()) {
    if (scheme != "local") refuse_scheme(scheme);
    path = location.substr(scheme.size() + 1);
  }
  if (path.empty()) throw Error(Errc::usage, _("the repository's location is empty"));
  return make_local_backend(path);
}

}  // namespace medsave
