#pragma once

#include "http_client.hpp"

#include "medsave/base/bytes.hpp"
#include "medsave/base/clock.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace medsave {

/// For how long, and how strictly, the store is to refuse the deletion of files.
struct S3Retention {
  std::chrono::seconds period{};
  /// "COMPLIANCE": nobody can shorten it; "GOVERNANCE": who has a special permission can.
  std::string mode = "COMPLIANCE";
};

/// From the extended options s3.retention-lock ("30d", "720h") and s3.retention-mode
/// ("compliance", "governance"); nullopt without the first. Throws Error(usage).
std::optional<S3Retention> parse_s3_retention(const RemoteOptions& options);

/// The protection a file has.
struct S3Protection {
  std::string mode = {};
  Timestamp until = {};
};
/// From the headers of an answer to HEAD; nullopt where there is none.
std::optional<S3Protection> protection_of(const HttpResponse& response);

/// Until when a file must be protected now: a whole second.
Timestamp required_until(const S3Retention& retention, Timestamp now);
/// Until when files are protected that are stored or extended now: a tenth longer than required,
/// so that a backup a day does not extend every file every day.
Timestamp granted_until(const S3Retention& retention, Timestamp now);
/// Whether `found` protects at least as well as asked for until `until`.
bool protects(const S3Protection& found, const S3Retention& retention, Timestamp until);

/// "Content-MD5: ...", which stores demand of requests that set a retention.
std::string content_md5(ByteView body);
/// The headers of a PUT that stores `body` under protection.
std::vector<std::string> retention_headers(const S3Retention& retention, Timestamp until,
                                           ByteView body);

}  // namespace medsave
