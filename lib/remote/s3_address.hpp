#pragma once

#include <string>
#include <string_view>

namespace medsave {

/// Where a repository is on an S3 store.
struct S3Address {
  bool https = true;
  std::string host = {};  // with the port where it is not the usual one
  std::string bucket = {};
  std::string prefix = {};  // no slash at either end; may be empty
};

/// How a bucket is named in requests.
enum class BucketLookup { automatic, dns, path };

/// Parses what follows "s3:": "host[:port]/bucket[/prefix]", the same with "//" before it, or
/// "http(s)://host[:port]/bucket[/prefix]" (an URL: percent-encoded). Throws Error(usage), without
/// showing the address where it holds something that may be a password.
S3Address parse_s3_address(std::string_view address);

/// "auto", "dns" or "path"; throws Error(usage) for others.
BucketLookup parse_bucket_lookup(std::string_view text);

/// The part of a request's address that depends on the bucket and the region.
struct S3Endpoint {
  std::string host = {};         // as the Host header says it
  std::string bucket_path = {};  // "" or "/bucket", encoded
};

/// Of Amazon's global host the regional one is taken; buckets are names of hosts there, and paths
/// on every other store, unless `lookup` says otherwise.
S3Endpoint endpoint_of(const S3Address& address, BucketLookup lookup, const std::string& region);

/// The region in the name of one of Amazon's hosts; empty for others.
std::string region_of_host(std::string_view host);

}  // namespace medsave
