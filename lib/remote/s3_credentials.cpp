#include "s3_credentials.hpp"

#include "ini_file.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/system.hpp"
#include "medsave/base/text.hpp"
#include "medsave/sys/file_io.hpp"

#include <string_view>
#include <utility>

namespace medsave {
namespace {

constexpr std::size_t kMaxFile = 1U << 20U;  // bytes

/// The variable, unless it is empty, which counts as not set.
std::string value_of(const Environment& variable, const char* name) {
  return variable(name).value_or(std::string());
}

/// Takes from one file what is not known yet.
void read_profile(const std::string& path, std::string_view section, S3Login& login,
                  bool with_credentials) {
  Buffer content;
  try {
    content = read_file(path, kMaxFile);
  } catch (const Error& e) {
    // The home folder may be somebody else's (sudo, a service): what is in there is optional.
    if (e.code() == Errc::not_found || e.code() == Errc::permission) return;
    throw;
  }
  S3Login found;
  read_ini(as_text(content.view()),
           [&](std::string_view in, std::string_view name, std::string_view value) {
             if (in != section) return;
             if (name == "aws_access_key_id") found.credentials.access_key = value;
             if (name == "aws_secret_access_key") found.credentials.secret_key = Secret(value);
             if (name == "aws_session_token") found.credentials.session_token = Secret(value);
             if (name == "region") found.region = value;
           });
  wipe(content.data(), content.size());
  if (login.region.empty()) login.region = found.region;
  const bool complete =
      !found.credentials.access_key.empty() && !found.credentials.secret_key.empty();
  if (with_credentials && complete && login.credentials.access_key.empty()) {
    login.credentials = std::move(found.credentials);
  }
}

}  // namespace

S3Login find_s3_login(const Environment& variable, const std::string& home) {
  S3Login login;
  login.region = value_of(variable, "AWS_REGION");
  if (login.region.empty()) login.region = value_of(variable, "AWS_DEFAULT_REGION");
  const std::string key = value_of(variable, "AWS_ACCESS_KEY_ID");
  std::string secret = value_of(variable, "AWS_SECRET_ACCESS_KEY");
  if (key.empty() != secret.empty()) {
    throw Error(Errc::usage,
                format_text(_("{} is set, but {} is not"),
                            key.empty() ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID",
                            key.empty() ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY"));
  }
  const bool given = !key.empty();
  if (given) {
    login.credentials.access_key = key;
    login.credentials.secret_key = Secret(secret);
    login.credentials.session_token = Secret(value_of(variable, "AWS_SESSION_TOKEN"));
    wipe(secret.data(), secret.size());
  }
  std::string profile = value_of(variable, "AWS_PROFILE");
  if (profile.empty()) profile = "default";
  std::string file = value_of(variable, "AWS_SHARED_CREDENTIALS_FILE");
  if (file.empty()) file = home + "/.aws/credentials";
  std::string config = value_of(variable, "AWS_CONFIG_FILE");
  if (config.empty()) config = home + "/.aws/config";
  read_profile(file, profile, login, !given);
  read_profile(config, profile == "default" ? profile : "profile " + profile, login, !given);
  if (login.credentials.access_key.empty()) {
    throw Error(Errc::usage,
                format_text(_("there are no credentials for the S3 store: set AWS_ACCESS_KEY_ID "
                              "and AWS_SECRET_ACCESS_KEY, or put them into the profile \"{}\" of "
                              "{}"),
                            profile, file));
  }
  return login;
}

}  // namespace medsave
