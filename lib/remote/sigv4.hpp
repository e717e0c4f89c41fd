#pragma once

#include "medsave/base/clock.hpp"
#include "medsave/crypto/secret.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace medsave {

/// Signature version 4 of requests to S3 stores. Pure functions, thread-safe.
/// Source: AWS documentation, "Create a signed AWS API request".

struct S3Credentials {
  std::string access_key = {};
  Secret secret_key = {};
  Secret session_token = {};  // empty: none
};

/// Percent-encodes all but letters, digits and "-._~", and "/" where it is to be kept.
std::string uri_encode(std::string_view text, bool keep_slashes);

using QueryParameters = std::vector<std::pair<std::string, std::string>>;
/// Encoded and in the order that is signed: "a=1&flag=".
std::string canonical_query(const QueryParameters& parameters);

/// A request as it goes over the line.
struct RequestToSign {
  std::string method = "GET";
  std::string path = "/";                 // encoded
  std::string query = {};                 // of canonical_query()
  std::vector<std::string> headers = {};  // "Name: value"; all of them are signed
  std::string payload_hash = {};          // SHA-256 of the body in hex
};

/// When, where and for which service a signature is good.
struct SigningScope {
  Timestamp time = {};
  std::string region = {};
  std::string service = "s3";
};

std::string canonical_request(const RequestToSign& request);
std::string string_to_sign(const RequestToSign& request, const SigningScope& scope);
/// What follows "Authorization: ". The header x-amz-date and, with a session token,
/// x-amz-security-token must be among the request's.
std::string authorization(const RequestToSign& request, const SigningScope& scope,
                          const S3Credentials& credentials);

}  // namespace medsave
