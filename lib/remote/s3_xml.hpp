#pragma once

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

/// One page of ListObjectsV2.
struct S3Listing {
  std::vector<S3Object> objects = {};
  std::string next_token = {};  // empty: the last page
};
/// Throws Error(corrupt) for what is no such page, names no size, or goes on without saying where.
S3Listing decode_s3_listing(ByteView document);

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

/// <CreateBucketConfiguration> for a bucket in `region`.
std::string encode_s3_location(const std::string& region);
/// <Retention> for an object.
std::string encode_s3_retention(const std::string& mode, const std::string& until);

}  // namespace medsave
