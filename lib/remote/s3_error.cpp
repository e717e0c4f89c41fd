#include "s3_error.hpp"

#include "http_text.hpp"
#include "s3_time.hpp"

#include "medsave/base/text.hpp"

#include <algorithm>
#include <initializer_list>
#include <string_view>

namespace medsave {
namespace {

bool is_one_of(std::string_view code, std::initializer_list<std::string_view> codes) {
  return std::ranges::find(codes, code) != codes.end();
}

/// "403 AccessDenied: no more words", as much of it as there is.
std::string said(const HttpResponse& response, const S3Refusal& refusal) {
  std::string text = std::to_string(response.status);
  if (!refusal.code.empty()) text += " " + printable(refusal.code);
  if (!refusal.message.empty()) text += ": " + printable(refusal.message);
  return text;
}

Errc kind_of_status(int status) {
  switch (status) {
    case 401:
    case 403:
      return Errc::permission;
    case 404:
      return Errc::not_found;
    case 408:
    case 409:  // another request is changing the same thing
    case 425:
    case 429:
      return Errc::io;
    case 507:
      return Errc::no_space;
    case 501:
    case 505:
      return Errc::unsupported;
    default:
      return status >= 500 ? Errc::io : Errc::unsupported;
  }
}

Errc kind_of(const HttpResponse& response, const std::string& code) {
  if (is_one_of(code, {"SlowDown", "InternalError", "ServiceUnavailable", "RequestTimeout",
                       "OperationAborted", "ConditionalRequestConflict",
                       // The body changed or was cut off on its way.
                       "BadDigest", "XAmzContentSHA256Mismatch", "IncompleteBody"})) {
    return Errc::io;
  }
  if (is_one_of(code, {"QuotaExceeded", "StorageFull", "XMinioStorageFull",
                       "XMinioAdminBucketQuotaExceeded"})) {
    return Errc::no_space;
  }
  if (is_one_of(code, {"AccessDenied", "AllAccessDisabled", "AccountProblem", "InvalidAccessKeyId",
                       "SignatureDoesNotMatch", "RequestTimeTooSkewed", "ExpiredToken",
                       "InvalidToken", "RequestExpired", "NotSignedUp"})) {
    return Errc::permission;
  }
  if (is_one_of(code, {"NoSuchBucket", "NoSuchKey"})) return Errc::not_found;
  if (code == "InvalidBucketName") return Errc::usage;
  if (is_one_of(code, {"NotImplemented", "MethodNotAllowed", "InvalidStorageClass",
                       "InvalidObjectState"})) {
    return Errc::unsupported;
  }
  return kind_of_status(response.status);
}

std::string skew_text(const HttpResponse& response, const S3Refusal& refusal, Timestamp now) {
  std::string server = refusal.server_time;
  if (server.empty()) server = header_of(response, "date");
  return format_text(_("the clocks differ too much: it is {} on this computer and {} on the "
                       "store; set the clock"),
                     iso_date(now), server.empty() ? "?" : printable(server));
}

/// What the code means to people, empty for codes that need the store's own words.
std::string explanation(const HttpResponse& response, const S3Refusal& refusal, Timestamp now) {
  const std::string& code = refusal.code;
  if (code == "RequestTimeTooSkewed") return skew_text(response, refusal, now);
  if (code == "InvalidAccessKeyId") {
    return _("the store does not know the access key (AWS_ACCESS_KEY_ID)");
  }
  if (code == "SignatureDoesNotMatch") {
    return _("the secret key does not fit the access key (AWS_SECRET_ACCESS_KEY)");
  }
  if (is_one_of(code, {"ExpiredToken", "InvalidToken", "RequestExpired"})) {
    return _("the session token is not or no longer valid; get new credentials");
  }
  if (code == "NoSuchBucket") {
    return _("the store has no such bucket; check its name, or make it with \"medsave init\"");
  }
  if (code == "InvalidBucketName") {
    return _(
        "the store does not take this name for a bucket; most want 3 to 63 lower-case letters, "
        "digits and dashes");
  }
  if (is_one_of(code, {"QuotaExceeded", "StorageFull", "XMinioStorageFull",
                       "XMinioAdminBucketQuotaExceeded"}) ||
      response.status == 507) {
    return _(
        "the store is full, or the quota is used up; your earlier backups are intact. Free some "
        "space with \"medsave prune --max-repack-size 0\", or thin out old snapshots with "
        "\"medsave forget --policy cabinet --prune\".");
  }
  if (code == "InvalidObjectState") {
    return _("the file lies in an archive; have the store bring it back first");
  }
  if (!refusal.endpoint.empty()) {
    return format_text(_("the bucket is at {}; use that address"), printable(refusal.endpoint));
  }
  return {};
}

}  // namespace

std::string header_of(const HttpResponse& response, const std::string& name) {
  const auto found = response.headers.find(name);
  return found == response.headers.end() ? std::string() : found->second;
}

std::string s3_code(const HttpResponse& response) {
  return decode_s3_refusal(response.body.view()).code;
}

Error s3_error(const HttpResponse& response, const std::string& what, Timestamp now) {
  const S3Refusal refusal = decode_s3_refusal(response.body.view());
  const Errc kind = kind_of(response, refusal.code);
  const std::string answer = said(response, refusal);
  if (const std::string text = explanation(response, refusal, now); !text.empty()) {
    return {kind, format_text(_("{}: {} (the store answered {})"), what, text, answer)};
  }
  switch (kind) {
    case Errc::permission:
      return {kind, format_text(_("{}: the store does not allow this; check what the access key "
                                  "may do there (the store answered {})"),
                                what, answer)};
    case Errc::unsupported:
      return {kind, format_text(_("{}: the store cannot do what was asked for (it answered {})"),
                                what, answer)};
    default:
      return {kind, format_text(_("{}: the store answered {}"), what, answer)};
  }
}

}  // namespace medsave
