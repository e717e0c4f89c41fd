#include "medsave/remote/location.hpp"

#include "connections_option.hpp"
#include "rclone_remote.hpp"
#include "rest_address.hpp"
#include "s3_address.hpp"
#include "sftp_address.hpp"

#include "medsave/backend/local_backend.hpp"
#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/remote/rclone_backend.hpp"
#include "medsave/remote/rest_backend.hpp"
#include "medsave/remote/s3_backend.hpp"
#include "medsave/remote/sftp_backend.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace medsave {
namespace {

/// A kind of remote repository.
struct Kind {
  std::string_view scheme;
  std::unique_ptr<Backend> (*make)(const std::string& address, const RemoteOptions& options);
  void (*check)(const std::string& address);
};

void check_rclone_address(const std::string& remote) {
  if (remote.empty()) {
    throw Error(Errc::usage, _("rclone: needs a remote and a path: rclone:REMOTE:PATH"));
  }
  move_secrets(remote);
}

constexpr std::array kKinds = {
    Kind{"sftp", make_sftp_backend, [](const std::string& a) { parse_sftp_address(a); }},
    Kind{"rest", make_rest_backend, [](const std::string& a) { parse_rest_address(a); }},
    Kind{"s3", make_s3_backend, [](const std::string& a) { parse_s3_address(a); }},
    Kind{"rclone", make_rclone_backend, check_rclone_address},
};

struct Extended {
  std::string_view name;
  const char* text;  // not translated yet
};

constexpr std::array kExtended = {
    Extended{"local.connections", N_("files to read or write at a time (default 2)")},
    Extended{"sftp.command", N_("program that is started instead of ssh, with its arguments")},
    Extended{"sftp.args", N_("further arguments for ssh, e.g. \"-i FILE\"")},
    Extended{"sftp.connections", N_("connections at a time (default 4)")},
    Extended{"rest.connections", N_("connections at a time (default 5)")},
    Extended{"s3.region", N_("region of the bucket (default: as the environment says, or "
                             "us-east-1)")},
    Extended{"s3.connections", N_("connections at a time (default 5)")},
    Extended{"s3.bucket-lookup", N_("how the bucket is named in a request: auto, dns or path")},
    Extended{kRetentionLock, N_("what --retention-lock sets")},
    Extended{"s3.retention-mode", N_("who can shorten that: compliance (nobody, the default) or "
                                     "governance (who has a special permission)")},
    Extended{"s3.list-objects-v1", N_("list with the older request ListObjects: true or false")},
    Extended{"s3.retries", N_("how often a request is tried, instead of for 15 minutes")},
    Extended{"s3.unsafe-anonymous-auth", N_("do not sign requests: true or false")},
    Extended{"s3.layout", N_("only \"default\" is known")},
    Extended{"s3.storage-class", N_("storage class of data, e.g. STANDARD_IA")},
    Extended{"s3.enable-restore", N_("only \"false\" is known: archived files are not fetched")},
    Extended{"s3.restore-days", N_("without effect, as s3.enable-restore is")},
    Extended{"s3.restore-timeout", N_("without effect, as s3.enable-restore is")},
    Extended{"s3.restore-tier", N_("without effect, as s3.enable-restore is")},
    Extended{"rclone.program", N_("path of rclone")},
    Extended{"rclone.args", N_("further arguments for rclone")},
    Extended{"rclone.connections", N_("connections at a time (default 5)")},
    Extended{"rclone.timeout", N_("how long rclone may take to start (default 1m)")},
};

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

/// Throws Error(usage) for an unknown option of this kind of repository. Options of other kinds are
/// ignored, because a script may set them all.
void check_extended(const RemoteOptions& options, std::string_view scheme) {
  for (const auto& [name, value] : options.extended) {
    if (std::ranges::find(kExtended, name, &Extended::name) != kExtended.end()) continue;
    const std::string_view kind = std::string_view(name).substr(0, name.find('.'));
    if (!kind.empty() && kind.size() < name.size() && kind != scheme) continue;
    throw Error(
        Errc::usage,
        format_text(_("unknown extended option \"{}\"; \"medsave options\" lists them"), name));
  }
}

/// Throws Error(usage) for --retention-lock on anything but S3: the user would rely on a protection
/// that is not there.
void refuse_promise(const RemoteOptions& options, std::string_view scheme) {
  if (scheme == "s3" || !options.extended.contains(std::string(kRetentionLock))) return;
  throw Error(Errc::usage,
              _("--retention-lock needs an S3 store with object lock; no other kind of "
                "repository can refuse deletion"));
}

}  // namespace

std::unique_ptr<Backend> open_location(const std::string& location, const RemoteOptions& options) {
  std::string path = location;
  const std::string_view scheme = scheme_of(location);
  check_extended(options, scheme.empty() ? "local" : scheme);
  if (!scheme.empty()) {
    const std::string address = location.substr(scheme.size() + 1);
    const auto* const kind =
        std::ranges::find(kKinds, scheme, [](const Kind& k) { return k.scheme; });
    if (kind != kKinds.end()) {
      refuse_promise(options, scheme);
      return kind->make(address, options);
    }
    if (scheme != "local") refuse_scheme(scheme);
    path = address;
  }
  refuse_promise(options, "local");
  if (path.empty()) throw Error(Errc::usage, _("the repository's location is empty"));
  constexpr unsigned kUsual = 2;  // more requests at a time slow a hard disk down
  return make_local_backend(path, connections_option(options, "local.connections", kUsual));
}

void check_location(const std::string& location) {
  const std::string_view scheme = scheme_of(location);
  const auto* const kind = std::ranges::find(kKinds, scheme, &Kind::scheme);
  if (kind != kKinds.end()) {
    kind->check(location.substr(scheme.size() + 1));
  } else if (!scheme.empty() && scheme != "local") {
    refuse_scheme(scheme);
  }
}

std::string mask_location(const std::string& location) {
  const std::string_view scheme = scheme_of(location);
  if (scheme.empty() || scheme == "local") return location;
  if (scheme == "rclone") return mask_rclone_secrets(location);
  return std::string(scheme).append(":").append(
      mask_password(std::string_view(location).substr(scheme.size() + 1)));
}

std::vector<ExtendedOption> extended_options() {
  std::vector<ExtendedOption> options;
  options.reserve(kExtended.size());
  for (const Extended& option : kExtended) {
    options.push_back({.name = std::string(option.name), .text = _(option.text)});
  }
  return options;
}

std::string mask_rclone_secrets(const std::string& location) {
  const std::string_view scheme = scheme_of(location);
  if (scheme != "rclone") return location;
  return std::string(scheme).append(":").append(mask_remote(location.substr(scheme.size() + 1)));
}

std::optional<std::string> local_folder(const std::string& location) {
  const std::string_view scheme = scheme_of(location);
  if (scheme.empty()) return location;
  if (scheme == "local") return location.substr(scheme.size() + 1);
  return std::nullopt;
}

}  // namespace medsave
