#include "s3_retention.hpp"

#include "http_text.hpp"
#include "s3_error.hpp"
#include "s3_time.hpp"

#include "medsave/base/encoding.hpp"
#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/base/units.hpp"
#include "medsave/crypto/md5.hpp"

#include <fmt/format.h>

#include <charconv>
#include <string_view>

namespace medsave {
namespace {

constexpr const char* kModeHeader = "x-amz-object-lock-mode";
constexpr const char* kUntilHeader = "x-amz-object-lock-retain-until-date";
constexpr std::chrono::hours kLongest(100 * 365 * 24);  // more is refused by Amazon

/// "30d", or Go's way.
std::optional<std::chrono::seconds> parse_period(std::string_view text) {
  if (text.ends_with('d')) {
    unsigned days = 0;
    const char* end = text.data() + text.size() - 1;
    const auto [stop, error] = std::from_chars(text.data(), end, days);
    if (error != std::errc{} || stop != end) return std::nullopt;
    return std::chrono::hours(24) * static_cast<std::int64_t>(days);
  }
  const auto period = parse_go_duration(text);
  if (!period) return std::nullopt;
  return std::chrono::ceil<std::chrono::seconds>(*period);
}

}  // namespace

std::optional<S3Retention> parse_s3_retention(const RemoteOptions& options) {
  const auto asked = options.extended.find("s3.retention-lock");
  if (asked == options.extended.end()) return std::nullopt;
  const std::optional<std::chrono::seconds> period = parse_period(asked->second);
  if (!period || *period <= std::chrono::seconds(0) || *period > kLongest) {
    throw Error(Errc::usage, format_text(_("--retention-lock takes a duration such as 30d or 720h, "
                                           "not \"{}\""),
                                         asked->second));
  }
  S3Retention retention{.period = *period};
  const auto mode = options.extended.find("s3.retention-mode");
  if (mode == options.extended.end() || mode->second == "compliance") return retention;
  if (mode->second != "governance") {
    throw Error(
        Errc::usage,
        format_text(_("s3.retention-mode is compliance or governance, not \"{}\""), mode->second));
  }
  retention.mode = "GOVERNANCE";
  return retention;
}

std::optional<S3Protection> protection_of(const HttpResponse& response) {
  const std::optional<Timestamp> until = parse_iso_date(header_of(response, kUntilHeader));
  if (!until) return std::nullopt;
  return S3Protection{.mode = header_of(response, kModeHeader), .until = *until};
}

Timestamp required_until(const S3Retention& retention, Timestamp now) {
  return {.seconds = now.seconds + retention.period.count() + 1};
}

Timestamp granted_until(const S3Retention& retention, Timestamp now) {
  return {.seconds = required_until(retention, now).seconds + retention.period.count() / 10};
}

bool protects(const S3Protection& found, const S3Retention& retention, Timestamp until) {
  return found.until >= until && (found.mode == "COMPLIANCE" || found.mode == retention.mode);
}

std::string content_md5(ByteView body) {
  return fmt::format("Content-MD5: {}", to_base64(md5(body)));
}

std::vector<std::string> retention_headers(const S3Retention& retention, Timestamp until,
                                           ByteView body) {
  return {fmt::format("{}: {}", kModeHeader, retention.mode),
          fmt::format("{}: {}", kUntilHeader, iso_date(until)), content_md5(body)};
}

}  // namespace medsave
