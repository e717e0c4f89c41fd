#pragma once

#include "sigv4.hpp"

#include "medsave/base/bytes.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace medsave {

/// The documents an S3 store answers with. Whatever else they hold is ignored.
/// Source: Amazon S3 API Reference.

struct S3Object {
  std::string key = {};
  std::uint64_t size = 0;  // bytes
};

/// One page of ListObjects or ListObjectsV2.
struct S3Listing {
  std::vector<S3Object> objects = {};
  std::string next_token = {};  // empty: the last page; of ListObjects the marker, a key
};
/// Throws Error(corrupt) for what is no such page, names no size, or goes on without saying where.
/// `version_1`: of ListObjects, which goes on behind the last key of a page.
S3Listing decode_s3_listing(ByteView document, bool version_1 = false);

/// Why a request was refused. Members are empty where the store says nothing.
struct S3Refusal {
  std::string code = {};
  std::string message = {};
  std::string region = {};    // the one to sign for
  std::string endpoint = {};  // the one to ask
  std::string server_time = {};
};
/// All empty for what is no error document.
S3Refusal decode_s3_refusal(ByteView document);

/// Temporary credentials, as the security token service gives them.
struct StsSession {
  S3Credentials credentials = {};
  std::string expiration = {};  // a date
};
/// Throws Error(corrupt) for anything else.
StsSession decode_sts_session(ByteView document);
/// As decode_s3_refusal(), of that service.
S3Refusal decode_sts_refusal(ByteView document);

/// <CreateBucketConfiguration> for a bucket in `region`.
std::string encode_s3_location(const std::string& region);
/// <Retention> for an object.
std::string encode_s3_retention(const std::string& mode, const std::string& until);

}  // namespace medsave
