#include "s3_retention.hpp"

#include "support/matchers.hpp"

#include "medsave/base/error.hpp"

#include <gtest/gtest.h>

#include <string>

namespace medsave {
namespace {

using std::chrono::hours;
using test::throws_errc;

constexpr Timestamp kNow{.seconds = 1440938160};  // 2015-08-30T12:36:00Z

S3Retention parsed(const std::string& period, const std::string& mode = "compliance") {
  return parse_s3_retention(
             {.extended = {{"s3.retention-lock", period}, {"s3.retention-mode", mode}}})
      .value();
}

TEST(S3Retention, IsADurationAndAMode) {
  EXPECT_FALSE(parse_s3_retention({}).has_value());
  EXPECT_FALSE(parse_s3_retention({.extended = {{"s3.retention-mode", "governance"}}}).has_value());
  EXPECT_EQ(parsed("30d").period, hours(720));
  EXPECT_EQ(parsed("720h").period, hours(720));
  EXPECT_EQ(parsed("1500ms").period, std::chrono::seconds(2));
  EXPECT_EQ(parsed("30d").mode, "COMPLIANCE");
  EXPECT_EQ(parsed("30d", "governance").mode, "GOVERNANCE");
}

TEST(S3Retention, IsNothingElse) {
  for (const std::string period :
       {"", "d", "30", "-1d", "0d", "0s", "1.5d", "30 d", "99999d", "4294967296d", "x"}) {
    EXPECT_THAT([&] { parsed(period); }, throws_errc(Errc::usage)) << period;
  }
  EXPECT_THAT([&] { parsed("30d", "COMPLIANCE"); }, throws_errc(Errc::usage));
}

TEST(S3Retention, AsksForProtectionByHeaders) {
  const S3Retention retention = parsed("30d");
  const Timestamp until = required_until(retention, {.seconds = kNow.seconds, .nanoseconds = 5});
  EXPECT_EQ(until.seconds, kNow.seconds + 30 * 86400 + 1);
  EXPECT_EQ(until.nanoseconds, 0U);
  EXPECT_EQ(granted_until(retention, kNow).seconds, kNow.seconds + 33 * 86400 + 1);
  const std::vector<std::string> wanted = {
      "x-amz-object-lock-mode: COMPLIANCE",
      "x-amz-object-lock-retain-until-date: 2015-09-29T12:36:01Z",
      "Content-MD5: kAFQmDzST7DWlj99KOF/cg=="};
  EXPECT_EQ(retention_headers(retention, until, as_bytes("abc")), wanted);
}

HttpResponse head(const std::string& mode, const std::string& until) {
  return {.status = 200,
          .headers = {{"x-amz-object-lock-mode", mode},
                      {"x-amz-object-lock-retain-until-date", until}}};
}

TEST(S3Retention, BelievesWhatIsReadBackOnly) {
  EXPECT_FALSE(protection_of({.status = 200}).has_value());
  EXPECT_FALSE(protection_of(head("COMPLIANCE", "tomorrow")).has_value());
  const auto found = [](const std::string& mode) {
    return protection_of(head(mode, "2015-08-30T12:36:00.000000000Z")).value();
  };
  EXPECT_EQ(found("COMPLIANCE").until, kNow);
  const S3Retention compliance = parsed("1d");
  const S3Retention governance = parsed("1d", "governance");
  EXPECT_TRUE(protects(found("COMPLIANCE"), compliance, kNow));
  EXPECT_TRUE(protects(found("COMPLIANCE"), governance, kNow));
  EXPECT_TRUE(protects(found("GOVERNANCE"), governance, kNow));
  EXPECT_FALSE(protects(found("GOVERNANCE"), compliance, kNow));
  EXPECT_FALSE(protects(found(""), compliance, kNow));
  EXPECT_FALSE(protects(found("COMPLIANCE"), compliance, {.seconds = kNow.seconds + 1}));
}

}  // namespace
}  // namespace medsave
