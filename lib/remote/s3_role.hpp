#pragma once

#include "http_client.hpp"
#include "s3_credentials.hpp"
#include "sigv4.hpp"

#include "medsave/base/clock.hpp"

#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace medsave {

/// A role that is taken on at the security token service of AWS, or of a store that has one.
/// Source: AWS Security Token Service API Reference, "AssumeRole".
struct S3Role {
  std::string arn = {};
  std::string session_name = {};
  std::string external_id = {};  // empty: none
  std::string policy = {};       // empty: all that the role may
  std::string region = {};
  std::string endpoint = {};  // URL
};

/// MEDSAVE_AWS_ASSUME_ROLE_ARN, and _SESSION_NAME, _EXTERNAL_ID, _POLICY, _REGION, _STS_ENDPOINT;
/// or the same with RESTIC_. `region`: where the bucket is. nullopt without a role. Throws
/// Error(usage) for a region or an endpoint that cannot be.
std::optional<S3Role> find_s3_role(const Environment& variable, const std::string& region);

/// Credentials in use at a time: those given, or temporary ones of a role, which are renewed before
/// they expire. Thread-safe.
class S3CredentialSource {
 public:
  /// `clock` outlives it.
  S3CredentialSource(S3Credentials own, std::optional<S3Role> role, const RemoteOptions& options,
                     const Clock& clock);

  /// Throws Error as HttpClient::perform, or with what the service says.
  std::shared_ptr<const S3Credentials> current();

 private:
  struct Session {
    std::shared_ptr<const S3Credentials> credentials = {};
    Timestamp renewal = {};
    Timestamp end = {};
  };
  Session assume();

  const std::shared_ptr<const S3Credentials> own_;
  const std::optional<S3Role> role_;
  const Clock& clock_;
  HttpClient http_;
  std::mutex mutex_;  // guards session_
  Session session_;
};

}  // namespace medsave
