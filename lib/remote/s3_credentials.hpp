#pragma once

#include "sigv4.hpp"

#include <functional>
#include <optional>
#include <string>

namespace medsave {

/// Looks up a variable; nullopt when it is not set.
using Environment = std::function<std::optional<std::string>(const char* name)>;

struct S3Login {
  S3Credentials credentials = {};
  std::string region = {};  // empty: none is configured
};

/// Credentials from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN or else from the
/// profile AWS_PROFILE ("default") of AWS_SHARED_CREDENTIALS_FILE (~/.aws/credentials) or
/// AWS_CONFIG_FILE (~/.aws/config); the region from AWS_REGION, AWS_DEFAULT_REGION or that profile.
/// No server is asked. Throws Error(usage) when there are none.
S3Login find_s3_login(const Environment& variable, const std::string& home);

}  // namespace medsave
