#include "s3_client.hpp"

#include "s3_error.hpp"
#include "s3_time.hpp"
#include "s3_xml.hpp"

#include "medsave/crypto/sha256.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace medsave {
namespace {

/// It becomes part of a host's name and of a header.
bool is_region(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

/// The region the store wants a request signed for, empty where it does not say.
std::string wanted_region(const HttpResponse& response) {
  if (response.status < 300) return {};
  std::string region = header_of(response, "x-amz-bucket-region");
  if (region.empty()) {
    const S3Refusal refusal = decode_s3_refusal(response.body.view());
    if (refusal.code == "AuthorizationHeaderMalformed" || refusal.code == "PermanentRedirect") {
      region = refusal.region;
    }
  }
  return is_region(region) ? region : std::string();
}

/// Whether a refusal has reasons that only a body can tell.
bool needs_words(const HttpResponse& response) {
  return response.status == 400 || response.status == 401 || response.status == 403;
}

}  // namespace

S3Client::S3Client(S3ClientSettings settings, S3Credentials credentials, std::optional<S3Role> role,
                   const RemoteOptions& options, const Clock& clock, std::function<void()> on_break)
    : settings_(std::move(settings)),
      credentials_(std::move(credentials), std::move(role), options, clock),
      clock_(clock),
      http_({.connections = settings_.connections, .on_break = std::move(on_break)}, options),
      region_(settings_.region) {}

std::string S3Client::region() const {
  const std::lock_guard lock(mutex_);
  return region_;
}

HttpResponse S3Client::send(const S3Request& request, const std::string& payload_hash,
                            const std::string& region) {
  const S3Endpoint endpoint = endpoint_of(settings_.address, settings_.lookup, region);
  const std::shared_ptr<const S3Credentials> credentials = credentials_.current();
  const SigningScope scope{.time = clock_.now(), .region = region};
  RequestToSign unsigned_request{.method = request.method,
                                 .path = endpoint.bucket_path,
                                 .query = canonical_query(request.query),
                                 .headers = request.headers,
                                 .payload_hash = payload_hash};
  // A bucket's own address ends with a slash where it is the whole path.
  if (!request.key.empty() || endpoint.bucket_path.empty()) {
    unsigned_request.path += "/" + uri_encode(request.key, true);
  }
  std::vector<std::string>& headers = unsigned_request.headers;
  headers.push_back("Host: " + endpoint.host);
  headers.push_back("x-amz-content-sha256: " + payload_hash);
  headers.push_back("x-amz-date: " + amz_date(scope.time));
  if (!credentials->session_token.empty()) {
    headers.push_back("x-amz-security-token: " + std::string(credentials->session_token.text()));
  }
  if (!settings_.anonymous) {
    headers.push_back("Authorization: " + authorization(unsigned_request, scope, *credentials));
  }
  std::string url = settings_.address.https ? "https://" : "http://";
  url += endpoint.host + unsigned_request.path;
  if (!unsigned_request.query.empty()) url += "?" + unsigned_request.query;
  HttpResponse response = http_.perform({.method = request.method,
                                         .url = std::move(url),
                                         .headers = std::move(headers),
                                         .body = request.body,
                                         .limit = request.limit,
                                         .ends_at_stop = request.ends_at_stop});
  if (response.status >= 200 && response.status < 300) bucket_seen_ = true;
  return response;
}

HttpResponse S3Client::send_to_region(const S3Request& request) {
  const std::string payload_hash = sha256(request.body).hex();
  const std::string asked = region();
  HttpResponse response = send(request, payload_hash, asked);
  const std::string wanted = wanted_region(response);
  if (wanted.empty() || wanted == asked) return response;
  {
    const std::lock_guard lock(mutex_);
    region_ = wanted;
  }
  return send(request, payload_hash, wanted);
}

HttpResponse S3Client::perform(const S3Request& request) {
  HttpResponse response = send_to_region(request);
  if (request.method != "HEAD" || !needs_words(response)) return response;
  S3Request with_words = request;
  with_words.method = "GET";
  with_words.headers.emplace_back("Range: bytes=0-0");
  HttpResponse explained = send_to_region(with_words);
  // Granted: its words named the right region, which is remembered now.
  return explained.status >= 400 ? std::move(explained) : send_to_region(request);
}

void S3Client::refuse(const HttpResponse& response, const std::string& what) const {
  throw s3_error(response, what, clock_.now());
}

}  // namespace medsave
