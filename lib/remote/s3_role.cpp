#include "s3_role.hpp"

#include "http_text.hpp"
#include "s3_time.hpp"
#include "s3_xml.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/system.hpp"
#include "medsave/base/text.hpp"
#include "medsave/crypto/sha256.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace medsave {
namespace {

constexpr std::string_view kVersion = "2011-06-15";  // of the service's protocol
constexpr std::uint64_t kMaxReply = 256 * 1024;
constexpr std::int64_t kShortest = 60;  // seconds for which credentials are worth their request

std::string named(const Environment& variable, const std::string& name) {
  std::string own = variable(("MEDSAVE_AWS_ASSUME_ROLE_" + name).c_str()).value_or(std::string());
  if (!own.empty()) return own;
  return variable(("RESTIC_AWS_ASSUME_ROLE_" + name).c_str()).value_or(std::string());
}

std::string endpoint_for(const std::string& region) {
  const std::string host = "https://sts." + region + ".amazonaws.com";
  return region.starts_with("cn-") ? host + ".cn" : host;
}

/// It becomes part of a host's name.
bool is_region(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

[[noreturn]] void refuse(const S3Role& role, const HttpResponse& response) {
  const S3Refusal refusal = decode_sts_refusal(response.body.view());
  const bool may_pass =
      response.status >= 500 || response.status == 429 || refusal.code == "Throttling";
  throw Error(may_pass ? Errc::io : Errc::permission,
              format_text(_("{} does not give the role {} (status {}): {} {}"),
                          server_of(role.endpoint), printable(role.arn), response.status,
                          printable(refusal.code), printable(refusal.message)));
}

}  // namespace

std::optional<S3Role> find_s3_role(const Environment& variable, const std::string& region) {
  S3Role role{.arn = named(variable, "ARN"),
              .session_name = named(variable, "SESSION_NAME"),
              .external_id = named(variable, "EXTERNAL_ID"),
              .policy = named(variable, "POLICY"),
              .region = named(variable, "REGION"),
              .endpoint = named(variable, "STS_ENDPOINT")};
  if (role.arn.empty()) return std::nullopt;
  if (role.session_name.empty()) role.session_name = "medsave";  // AWS wants one
  if (role.region.empty()) role.region = region;
  if (!is_region(role.region)) {
    throw Error(Errc::usage, format_text(_("RESTIC_AWS_ASSUME_ROLE_REGION: \"{}\" is no region"),
                                         printable(role.region)));
  }
  if (role.endpoint.empty()) role.endpoint = endpoint_for(role.region);
  while (role.endpoint.ends_with('/')) role.endpoint.pop_back();
  const std::string_view text = role.endpoint;
  const std::size_t host = text.find("://");
  const bool known = text.starts_with("https://") || text.starts_with("http://");
  if (!known || text.find_first_of("/?#@", host + 3) != std::string_view::npos) {
    throw Error(Errc::usage,
                format_text(_("RESTIC_AWS_ASSUME_ROLE_STS_ENDPOINT is a server's address like "
                              "https://sts.eu-west-3.amazonaws.com, not \"{}\""),
                            printable(server_of(role.endpoint))));
  }
  return role;
}

S3CredentialSource::S3CredentialSource(S3Credentials own, std::optional<S3Role> role,
                                       const RemoteOptions& options, const Clock& clock)
    : own_(std::make_shared<const S3Credentials>(std::move(own))),
      role_(std::move(role)),
      clock_(clock),
      http_({.connections = 1}, options) {}

std::shared_ptr<const S3Credentials> S3CredentialSource::current() {
  if (!role_) return own_;
  const std::lock_guard lock(mutex_);
  const Timestamp now = clock_.now();
  if (session_.credentials && now < session_.renewal) return session_.credentials;
  try {
    session_ = assume();
  } catch (const Error&) {
    // While the old credentials are valid, they serve; the next request tries again.
    if (!session_.credentials || now >= session_.end) throw;
  }
  return session_.credentials;
}

S3CredentialSource::Session S3CredentialSource::assume() {
  QueryParameters form = {{"Action", "AssumeRole"},
                          {"Version", std::string(kVersion)},
                          {"RoleArn", role_->arn},
                          {"RoleSessionName", role_->session_name},
                          {"DurationSeconds", "3600"}};
  if (!role_->external_id.empty()) form.emplace_back("ExternalId", role_->external_id);
  if (!role_->policy.empty()) form.emplace_back("Policy", role_->policy);
  const std::string body = canonical_query(form);
  const SigningScope scope{.time = clock_.now(), .region = role_->region, .service = "sts"};
  RequestToSign request{
      .method = "POST",
      .headers = {"Host: " + role_->endpoint.substr(role_->endpoint.find("://") + 3),
                  "Content-Type: application/x-www-form-urlencoded",
                  "x-amz-date: " + amz_date(scope.time)},
      .payload_hash = sha256(as_bytes(body)).hex()};
  if (!own_->session_token.empty()) {
    request.headers.push_back("x-amz-security-token: " + std::string(own_->session_token.text()));
  }
  request.headers.push_back("Authorization: " + authorization(request, scope, *own_));
  HttpResponse response = http_.perform({.method = request.method,
                                         .url = role_->endpoint + "/",
                                         .headers = std::move(request.headers),
                                         .body = as_bytes(body),
                                         .limit = kMaxReply});
  if (response.status != 200) refuse(*role_, response);
  StsSession granted = decode_sts_session(response.body.view());
  wipe(response.body.data(), response.body.size());
  const std::optional<Timestamp> end = parse_iso_date(granted.expiration);
  const std::int64_t left = end ? end->seconds - clock_.now().seconds : 0;
  if (left < kShortest) {
    throw Error(Errc::usage,
                format_text(_("{} gives credentials until \"{}\", which is over by the clock of "
                              "this computer; is the clock right?"),
                            server_of(role_->endpoint), printable(granted.expiration)));
  }
  // Long enough before the end for whatever request is signed until then.
  return {.credentials = std::make_shared<const S3Credentials>(std::move(granted.credentials)),
          .renewal = {.seconds = end->seconds - left / 5, .nanoseconds = 0},
          .end = *end};
}

}  // namespace medsave
