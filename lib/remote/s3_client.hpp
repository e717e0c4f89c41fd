#pragma once

#include "http_client.hpp"
#include "s3_address.hpp"
#include "s3_role.hpp"
#include "sigv4.hpp"

#include "medsave/base/clock.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace medsave {

/// What S3Client::perform() signs and sends.
struct S3Request {
  std::string method = "GET";
  std::string key = {};  // not encoded; empty: the bucket itself
  QueryParameters query = {};
  std::vector<std::string> headers = {};  // "Name: value"
  ByteView body = {};
  std::uint64_t limit = 64 * 1024;  // bytes of a good answer's body that are accepted
  bool ends_at_stop = false;        // as HttpRequest's
};

struct S3ClientSettings {
  S3Address address = {};
  BucketLookup lookup = BucketLookup::automatic;
  std::string region = "us-east-1";
  unsigned connections = 5;
  bool anonymous = false;  // requests are not signed
};

/// Signed requests for one bucket. Thread-safe.
class S3Client {
 public:
  /// `clock` dates the signatures and outlives the client; `on_break` as HttpServer's.
  S3Client(S3ClientSettings settings, S3Credentials credentials, std::optional<S3Role> role,
           const RemoteOptions& options, const Clock& clock, std::function<void()> on_break = {});

  /// Any status is a response. Where the store says that the bucket is in another region, the
  /// request is repeated for that one, which is remembered; where it refuses a HEAD, whose answer
  /// cannot say why, a GET is answered instead. Errors: as HttpClient::perform.
  HttpResponse perform(const S3Request& request);
  /// Throws what a refusal means; `what` names the thing that was asked for.
  [[noreturn]] void refuse(const HttpResponse& response, const std::string& what) const;

  /// Whether any request was granted, so that the bucket was there.
  [[nodiscard]] bool bucket_seen() const { return bucket_seen_; }
  [[nodiscard]] std::string region() const;
  [[nodiscard]] Timestamp now() const { return clock_.now(); }
  [[nodiscard]] Traffic traffic() const { return http_.traffic(); }
  [[nodiscard]] unsigned connections() const { return http_.connections(); }
  [[nodiscard]] const std::string& bucket() const { return settings_.address.bucket; }

 private:
  HttpResponse send(const S3Request& request, const std::string& payload_hash,
                    const std::string& region);
  HttpResponse send_to_region(const S3Request& request);

  const S3ClientSettings settings_;
  S3CredentialSource credentials_;
  const Clock& clock_;
  HttpClient http_;
  std::atomic<bool> bucket_seen_ = false;
  mutable std::mutex mutex_;  // guards region_
  std::string region_;
};

}  // namespace medsave
