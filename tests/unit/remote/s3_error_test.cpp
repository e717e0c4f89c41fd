#include "s3_error.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace medsave {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr Timestamp kNow{.seconds = 1440938160};  // 2015-08-30T12:36:00Z

HttpResponse answer(int status, std::string_view code, std::string_view more = {}) {
  HttpResponse response{.status = status};
  std::string body;
  if (!code.empty()) {
    body = "<Error><Code>" + std::string(code) + "</Code>" + std::string(more) + "</Error>";
  }
  response.body.append(as_bytes(body));
  return response;
}

Errc kind(int status, std::string_view code) {
  return s3_error(answer(status, code), "pack", kNow).code();
}

TEST(S3Error, KnowsWhatMayPass) {
  for (const std::string_view code : {"SlowDown", "InternalError", "ServiceUnavailable", ""}) {
    EXPECT_EQ(kind(503, code), Errc::io) << code;
  }
  for (const int status : {408, 409, 429, 500, 502, 503, 504}) {
    EXPECT_EQ(kind(status, ""), Errc::io) << status;
  }
  for (const std::string_view code :
       {"RequestTimeout", "BadDigest", "XAmzContentSHA256Mismatch", "IncompleteBody"}) {
    EXPECT_EQ(kind(400, code), Errc::io) << code;
  }
}

TEST(S3Error, KnowsWhatWillNot) {
  for (const std::string_view code : {"AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch",
                                      "RequestTimeTooSkewed", "ExpiredToken", ""}) {
    EXPECT_EQ(kind(403, code), Errc::permission) << code;
  }
  EXPECT_EQ(kind(401, ""), Errc::permission);
  EXPECT_EQ(kind(400, "ExpiredToken"), Errc::permission);
  EXPECT_EQ(kind(404, "NoSuchBucket"), Errc::not_found);
  EXPECT_EQ(kind(400, "InvalidBucketName"), Errc::usage);
  EXPECT_EQ(kind(404, ""), Errc::not_found);
  EXPECT_EQ(kind(403, "QuotaExceeded"), Errc::no_space);
  EXPECT_EQ(kind(507, ""), Errc::no_space);
  EXPECT_EQ(kind(405, "MethodNotAllowed"), Errc::unsupported);
  EXPECT_EQ(kind(501, "NotImplemented"), Errc::unsupported);
  EXPECT_EQ(kind(403, "InvalidObjectState"), Errc::unsupported);
  EXPECT_EQ(kind(400, "InvalidArgument"), Errc::unsupported);
  EXPECT_EQ(kind(301, "PermanentRedirect"), Errc::unsupported);
}

std::string text(const HttpResponse& response) { return s3_error(response, "pack", kNow).what(); }

TEST(S3Error, TellsWhatToDo) {
  EXPECT_THAT(text(answer(403, "InvalidAccessKeyId")), HasSubstr("AWS_ACCESS_KEY_ID"));
  EXPECT_THAT(text(answer(403, "SignatureDoesNotMatch")), HasSubstr("AWS_SECRET_ACCESS_KEY"));
  EXPECT_THAT(text(answer(404, "NoSuchBucket")), HasSubstr("medsave init"));
  EXPECT_THAT(text(answer(403, "QuotaExceeded")), HasSubstr("medsave prune"));
  EXPECT_THAT(text(answer(301, "PermanentRedirect", "<Endpoint>there</Endpoint>")),
              HasSubstr("there"));
  EXPECT_THAT(text(answer(400, "Odd", "<Message>odd indeed</Message>")),
              HasSubstr("400 Odd: odd indeed"));
}

TEST(S3Error, TellsBothTimesWhenTheClocksDiffer) {
  HttpResponse response =
      answer(403, "RequestTimeTooSkewed", "<ServerTime>2015-08-30T14:00:00Z</ServerTime>");
  EXPECT_THAT(text(response), HasSubstr("2015-08-30T12:36:00Z"));
  EXPECT_THAT(text(response), HasSubstr("2015-08-30T14:00:00Z"));
  response = answer(403, "RequestTimeTooSkewed");
  response.headers["date"] = "Sun, 30 Aug 2015 15:00:00 GMT";
  EXPECT_THAT(text(response), HasSubstr("15:00:00 GMT"));
}

TEST(S3Error, ShowsNothingThatHarmsATerminal) {
  const std::string shown =
      text(answer(403, "Bad\x1B[31m", "<Message>a&#10;b&#27;]0;title&#7;</Message>"));
  EXPECT_THAT(shown, Not(HasSubstr("\x1B")));
  EXPECT_THAT(shown, Not(HasSubstr("\n")));
}

}  // namespace
}  // namespace medsave
