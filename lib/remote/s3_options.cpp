#include "s3_options.hpp"

#include "s3_address.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/system.hpp"
#include "medsave/base/text.hpp"
#include "medsave/sys/host.hpp"

#include <charconv>
#include <string_view>
#include <utility>

namespace medsave {
namespace {

std::string option(const RemoteOptions& options, const std::string& name) {
  const auto found = options.extended.find(name);
  return found == options.extended.end() ? std::string() : found->second;
}

bool parse_flag(const RemoteOptions& options, const std::string& name) {
  const std::string text = option(options, name);
  if (text.empty() || text == "false" || text == "0") return false;
  if (text == "true" || text == "1") return true;
  throw Error(Errc::usage, format_text(_("{}: must be true or false, not \"{}\""), name, text));
}

/// There is one layout today; restic's users may have the option in their scripts.
void check_layout(const RemoteOptions& options) {
  const std::string layout = option(options, "s3.layout");
  if (layout.empty() || layout == "default") return;
  throw Error(Errc::usage, format_text(_("s3.layout={}: only the layout \"default\" is known; "
                                         "restic 0.17 migrates repositories of another one"),
                                       layout));
}

/// restic can have a store fetch files from its archive, which takes hours and costs money.
void refuse_archived_files(const RemoteOptions& options) {
  if (!parse_flag(options, "s3.enable-restore")) return;
  throw Error(Errc::usage,
              _("s3.enable-restore: medsave does not have a store fetch files from its archive; "
                "restore them with the store's own tools first, then leave this option out"));
}

unsigned parse_connections(const RemoteOptions& options) {
  constexpr unsigned kDefault = 5;
  constexpr unsigned kMost = 100;
  const std::string text = option(options, "s3.connections");
  if (text.empty()) return kDefault;
  unsigned count = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc{} || stop != text.data() + text.size() || count < 1 || count > kMost) {
    throw Error(Errc::usage,
                format_text(_("s3.connections is a number from 1 to {}, not \"{}\""), kMost, text));
  }
  return count;
}

std::string parse_storage_class(const RemoteOptions& options) {
  std::string name = option(options, "s3.storage-class");
  if (name == "GLACIER" || name == "DEEP_ARCHIVE") {
    throw Error(
        Errc::usage,
        format_text(_("s3.storage-class={}: what lies in an archive cannot be read at once, "
                      "and a repository must be; GLACIER_IR is possible"),
                    name));
  }
  return name;
}

std::string region_for(const RemoteOptions& options, const S3Address& address,
                       const S3Login& login) {
  for (std::string region :
       {option(options, "s3.region"), login.region, region_of_host(address.host)}) {
    if (!region.empty()) return region;
  }
  return std::string(kDefaultRegion);
}

}  // namespace

S3Connection parse_s3_connection(const std::string& address, const RemoteOptions& options) {
  S3ClientSettings client{.address = parse_s3_address(address)};
  S3Settings settings{.shown = "s3:" + address,
                      .prefix = client.address.prefix,
                      .storage_class = parse_storage_class(options),
                      .retention = parse_s3_retention(options),
                      .list_version_1 = parse_flag(options, "s3.list-objects-v1"),
                      .stop = options.stop};
  check_layout(options);
  refuse_archived_files(options);
  const std::string lookup = option(options, "s3.bucket-lookup");
  client.lookup = lookup.empty() ? BucketLookup::automatic : parse_bucket_lookup(lookup);
  client.connections = parse_connections(options);
  client.anonymous = parse_flag(options, "s3.unsafe-anonymous-auth");
  S3Login login = client.anonymous ? S3Login{} : find_s3_login(environment, home_directory());
  client.region = region_for(options, client.address, login);
  std::optional<S3Role> role;
  if (!client.anonymous) role = find_s3_role(environment, client.region);
  return {.settings = std::move(settings),
          .client = std::move(client),
          .credentials = std::move(login.credentials),
          .role = std::move(role)};
}

}  // namespace medsave
