#pragma once

#include "s3_client.hpp"
#include "s3_credentials.hpp"
#include "s3_retention.hpp"
#include "s3_role.hpp"

#include "medsave/remote/remote_options.hpp"

#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

namespace medsave {

inline constexpr std::string_view kDefaultRegion = "us-east-1";

/// What the options say beyond S3ClientSettings.
struct S3Settings {
  std::string shown;          // the location, for messages
  std::string prefix;         // no slash at either end
  std::string storage_class;  // empty: the bucket's
  std::optional<S3Retention> retention;
  bool list_version_1;  // ListObjects instead of ListObjectsV2
  std::stop_token stop;
};

/// All that location, options and environment say of a repository in an S3 store.
struct S3Connection {
  S3Settings settings;
  S3ClientSettings client;
  S3Credentials credentials;
  std::optional<S3Role> role;
};
/// `address`: what follows "s3:". Throws Error(usage) for an option that is not understood.
S3Connection parse_s3_connection(const std::string& address, const RemoteOptions& options);

}  // namespace medsave
