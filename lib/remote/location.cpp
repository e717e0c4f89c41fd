#include "medsave/remote/location.hpp"

#include "medsave/backend/local_backend.hpp"
#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

namespace medsave {
namespace {

/// A kind of remote repository.
struct Kind {
  std::string_view scheme;
  std::unique_ptr<Backend> (*make)(const std::string& address, const RemoteOptions& options);
  std::span<const std::string_view> extended;  // options after "scheme."
};

constexpr std::array<Kind, 0> kKinds = {};

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
  static constexpr std::array<std::string_view, 4> kOnlyRestic = {"b2", "gs", "azure", "swift"};
  // The rest of the location may hold a password and is not shown.
  if (std::ranges::find(kOnlyRestic, scheme) != kOnlyRestic.end()) {
    throw Error(Errc::usage,
                format_text(_("repositories of the kind \"{}:\" are reached through rclone: set up "
                              "a remote with \"rclone config\" and give rclone:REMOTE:PATH"),
                            scheme));
  }
  throw Error(Errc::usage, format_text(_("\"{}:\" is not a known kind of repository; give a "
                                         "folder, or sftp:, rest:, s3: or rclone: with an address "
                                         "(./{}:... for a folder with a colon in its name)"),
                                       scheme, scheme));
}

/// Options for other kinds of repositories are none of this one's business: a script may set them
/// all. A misspelt one is.
void check_extended(const RemoteOptions& options) {
  for (const auto& [key, value] : options.extended) {
    const std::string_view name = key;
    const std::size_t dot = name.find('.');
    const auto* const kind =
        std::ranges::find(kKinds, name.substr(0, dot), [](const Kind& k) { return k.scheme; });
    if (dot == std::string_view::npos || kind == kKinds.end() ||
        std::ranges::find(kind->extended, name.substr(dot + 1)) == kind->extended.end()) {
      throw Error(
          Errc::usage,
          format_text(_("unknown extended option \"{}\"; \"medsave options\" lists them"), key));
    }
  }
}

}  // namespace

std::unique_ptr<Backend> open_location(const std::string& location, const RemoteOptions& options) {
  check_extended(options);
  std::string path = location;
  if (const std::string_view scheme = scheme_of(location); !scheme.empty()) {
    const std::string address = location.substr(scheme.size() + 1);
    const auto* const kind =
        std::ranges::find(kKinds, scheme, [](const Kind& k) { return k.scheme; });
    if (kind != kKinds.end()) return kind->make(address, options);
    if (scheme != "local") refuse_scheme(scheme);
    path = address;
  }
  if (path.empty()) throw Error(Errc::usage, _("the repository's location is empty"));
  return make_local_backend(path);
}

std::optional<std::string> local_folder(const std::string& location) {
  const std::string_view scheme = scheme_of(location);
  if (scheme.empty()) return location;
  if (scheme == "local") return location.substr(scheme.size() + 1);
  return std::nullopt;
}

}  // namespace medsave
