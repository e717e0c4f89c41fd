#include "sigv4.hpp"

#include "http_text.hpp"
#include "s3_time.hpp"

#include "medsave/base/encoding.hpp"
#include "medsave/base/random.hpp"
#include "medsave/crypto/sha256.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace medsave {
namespace {

constexpr Timestamp kTime{.seconds = 1440938160};  // 2015-08-30T12:36:00Z
constexpr std::string_view kSessionToken =
    "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267";

/// Signs as Amazon's published test suite for signature version 4 does; the tests below are named
/// after its cases.
std::string signature_of(RequestToSign request, std::string_view body = {}) {
  request.headers.emplace_back("Host:example.amazonaws.com");
  request.headers.emplace_back("X-Amz-Date:20150830T123600Z");
  request.payload_hash = sha256(as_bytes(body)).hex();
  const S3Credentials credentials{.access_key = "AKIDEXAMPLE",
                                  .secret_key = Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")};
  const std::string header = authorization(
      request, {.time = kTime, .region = "us-east-1", .service = "service"}, credentials);
  EXPECT_TRUE(
      header.starts_with("AWS4-HMAC-SHA256 "
                         "Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
                         "SignedHeaders="));
  return header.substr(header.rfind('=') + 1);
}

TEST(SigV4, GetVanilla) {
  EXPECT_EQ(signature_of({}), "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
}

TEST(SigV4, PostVanilla) {
  EXPECT_EQ(signature_of({.method = "POST"}),
            "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b");
}

TEST(SigV4, GetVanillaQueryOrderKeyCase) {
  EXPECT_EQ(signature_of({.query = canonical_query({{"Param2", "value2"}, {"Param1", "value1"}})}),
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500");
}

TEST(SigV4, GetVanillaQueryOrderEncoded) {
  EXPECT_EQ(signature_of({.query = canonical_query(
                              {{"Param-3", "Value3"}, {"Param", "Value2"}, {"ሴ", "Value1"}})}),
            "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac");
}

TEST(SigV4, GetVanillaQueryUnreserved) {
  const std::string all = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  EXPECT_EQ(signature_of({.query = canonical_query({{all, all}})}),
            "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197");
}

TEST(SigV4, GetVanillaUtf8Query) {
  EXPECT_EQ(signature_of({.query = canonical_query({{"ሴ", "bar"}})}),
            "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04");
}

TEST(SigV4, GetUtf8) {
  EXPECT_EQ(signature_of({.path = uri_encode("/ሴ", true)}),
            "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85");
}

TEST(SigV4, GetSpaceUnnormalized) {
  EXPECT_EQ(signature_of({.path = uri_encode("/example space/", true)}),
            "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741");
}

TEST(SigV4, GetSlashesUnnormalized) {
  EXPECT_EQ(signature_of({.path = "//example//"}),
            "87cca117541a147f6df867677d98a7d80dff226d2bfca9e4ffa899665623c7e5");
}

TEST(SigV4, GetHeaderValueTrim) {
  EXPECT_EQ(signature_of({.headers = {"My-Header1: value1", "My-Header2: \"a   b   c\""}}),
            "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736");
}

TEST(SigV4, GetHeaderValueOrder) {
  EXPECT_EQ(signature_of({.headers = {"My-Header1:value4", "My-Header1:value1", "My-Header1:value3",
                                      "My-Header1:value2"}}),
            "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01");
}

TEST(SigV4, PostHeaderValueCase) {
  EXPECT_EQ(signature_of({.method = "POST", .headers = {"My-Header1:VALUE1"}}),
            "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d");
}

TEST(SigV4, PostXWwwFormUrlencoded) {
  const std::string_view body = "Param1=value1";
  EXPECT_EQ(signature_of(
                {.method = "POST",
                 .headers = {"Content-Type:application/x-www-form-urlencoded", "Content-Length:13",
                             "x-amz-content-sha256:" + sha256(as_bytes(body)).hex()}},
                body),
            "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b");
}

TEST(SigV4, GetVanillaWithSessionToken) {
  EXPECT_EQ(signature_of({.headers = {"X-Amz-Security-Token:" + std::string(kSessionToken)}}),
            "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8");
}

TEST(SigV4, MatchesTheExampleOfTheS3Documentation) {
  // "Example: PUT Object" of the Amazon S3 API Reference.
  const RequestToSign request{
      .method = "PUT",
      .path = uri_encode("/test$file.text", true),
      .headers = {"date: Fri, 24 May 2013 00:00:00 GMT", "host: examplebucket.s3.amazonaws.com",
                  "x-amz-content-sha256: "
                  "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
                  "x-amz-date: 20130524T000000Z", "x-amz-storage-class: REDUCED_REDUNDANCY"},
      .payload_hash = sha256(as_bytes("Welcome to Amazon S3.")).hex()};
  const S3Credentials credentials{.access_key = "AKIAIOSFODNN7EXAMPLE",
                                  .secret_key = Secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")};
  const SigningScope scope{.time = {.seconds = 1369353600}, .region = "us-east-1"};
  EXPECT_EQ(string_to_sign(request, scope),
            "AWS4-HMAC-SHA256\n20130524T000000Z\n20130524/us-east-1/s3/aws4_request\n"
            "9e0e90d9c76de8fa5b200d8c849cd5b8dc7a3be3951ddb7f6a76b4158342019d");
  EXPECT_EQ(authorization(request, scope, credentials),
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
            "SignedHeaders=date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class, "
            "Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
}

TEST(SigV4, EncodesEveryCharacterButTheUnreserved) {
  const std::string kept = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  for (int value = 0; value < 256; ++value) {
    const std::string text(1, static_cast<char>(value));
    const bool unreserved = kept.find(text) != std::string::npos;
    const std::string hex = to_hex(as_bytes(text));
    std::string upper = "%";
    for (const char c : hex) {
      upper += c >= 'a' ? static_cast<char>(c - 'a' + 'A') : c;
    }
    EXPECT_EQ(uri_encode(text, false), unreserved ? text : upper) << value;
  }
  EXPECT_EQ(uri_encode("a/b c", true), "a/b%20c");
  EXPECT_EQ(uri_encode("a/b c", false), "a%2Fb%20c");
}

TEST(SigV4, SortsTheQueryByWhatIsSent) {
  EXPECT_EQ(canonical_query({}), "");
  EXPECT_EQ(canonical_query({{"retention", ""}}), "retention=");
  EXPECT_EQ(canonical_query({{"prefix", "a/b"}, {"list-type", "2"}, {"é", "&="}}),
            "%C3%A9=%26%3D&list-type=2&prefix=a%2Fb");
}

TEST(S3Time, IsWrittenInUtc) {
  EXPECT_EQ(amz_date(kTime), "20150830T123600Z");
  EXPECT_EQ(iso_date(kTime), "2015-08-30T12:36:00Z");
  EXPECT_EQ(iso_date({.seconds = 0}), "1970-01-01T00:00:00Z");
  EXPECT_EQ(iso_date({.seconds = 1709164799}), "2024-02-28T23:59:59Z");
}

TEST(S3Time, IsReadBack) {
  EXPECT_EQ(parse_iso_date("2015-08-30T12:36:00Z"), kTime);
  EXPECT_EQ(parse_iso_date("2015-08-30T12:36:00.000000000Z"), kTime);
  for (int i = 0; i < 1000; ++i) {
    const Timestamp time{.seconds =
                             static_cast<std::int64_t>(system_random().below(250'000'000'000))};
    EXPECT_EQ(parse_iso_date(iso_date(time)), time);
  }
}

TEST(S3Time, IsNothingElse) {
  for (const std::string_view text :
       {"", "2015-08-30", "2015-08-30T12:36:00", "2015-08-30T12:36:00.Z", "2015-08-30T12:36:00.xZ",
        "2015-13-30T12:36:00Z", "2015-02-30T12:36:00Z", "2015-08-30T24:36:00Z",
        "2015-08-30T12:36:00Zx", "-015-08-30T12:36:00Z", "2015-08-30 12:36:00Z",
        "2015-08-30T12:36:00+00:00", "20150830T123600Z"}) {
    EXPECT_FALSE(parse_iso_date(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace medsave
