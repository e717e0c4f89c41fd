#include "s3_xml.hpp"

#include "support/matchers.hpp"

#include "medsave/base/error.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace medsave {
namespace {

using test::throws_errc;

S3Listing listing(std::string_view inner) {
  std::string document = R"(<?xml version="1.0" encoding="UTF-8"?>)";
  document += R"(<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">)";
  document += inner;
  document += "</ListBucketResult>";
  return decode_s3_listing(as_bytes(document));
}

TEST(S3Listing, HasKeysAndSizes) {
  const S3Listing page = listing(
      "<Name>bucket</Name><IsTruncated>true</IsTruncated>"
      "<Contents><Key>a/b&amp;&lt;c</Key><Size>12</Size><ETag>&quot;x&quot;</ETag></Contents>"
      "<Contents><Size>18446744073709551615</Size><Key>é</Key></Contents>"
      "<NextContinuationToken>on/ward==</NextContinuationToken>");
  ASSERT_EQ(page.objects.size(), 2U);
  EXPECT_EQ(page.objects[0].key, "a/b&<c");
  EXPECT_EQ(page.objects[0].size, 12U);
  EXPECT_EQ(page.objects[1].key, "é");
  EXPECT_EQ(page.objects[1].size, 18446744073709551615U);
  EXPECT_EQ(page.next_token, "on/ward==");
}

TEST(S3Listing, DecodesKeysWhereTheyAreEncoded) {
  const S3Listing page = listing(
      "<EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>"
      "<Contents><Key>a+b%2Bc%01%C3%A9</Key><Size>1</Size></Contents>");
  ASSERT_EQ(page.objects.size(), 1U);
  EXPECT_EQ(page.objects[0].key, "a b+c\x01\xC3\xA9");
  EXPECT_EQ(page.next_token, "");
}

TEST(S3Listing, RefusesWhatIsNone) {
  for (const std::string_view document :
       {"", "hello", "<html><body>Please log in</body></html>", "<ListBucketResult>",
        "<ListBucketResult/>", "<Error><Code>NoSuchBucket</Code></Error>",
        "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><x>&e;</x>"}) {
    EXPECT_THAT([&] { decode_s3_listing(as_bytes(document)); }, throws_errc(Errc::corrupt))
        << document;
  }
  for (const std::string_view inner :
       {"<IsTruncated>true</IsTruncated>", "<IsTruncated>maybe</IsTruncated>",
        "<IsTruncated>false</IsTruncated><Contents><Key>a</Key></Contents>",
        "<IsTruncated>false</IsTruncated><Contents><Key>a</Key><Size>-1</Size></Contents>",
        "<IsTruncated>false</IsTruncated><Contents><Key>a</Key><Size>1 </Size></Contents>",
        "<IsTruncated>false</IsTruncated><Contents><Key>a</Key>"
        "<Size>18446744073709551616</Size></Contents>",
        "<EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>"
        "<Contents><Key>a%2</Key><Size>1</Size></Contents>"}) {
    EXPECT_THAT([&] { listing(inner); }, throws_errc(Errc::corrupt)) << inner;
  }
}

TEST(S3Listing, SurvivesDeepNesting) {
  std::string document;
  for (int i = 0; i < 200'000; ++i) document += "<a>";
  EXPECT_THAT([&] { decode_s3_listing(as_bytes(document)); }, throws_errc(Errc::corrupt));
  for (int i = 0; i < 200'000; ++i) document += "</a>";
  EXPECT_THAT([&] { decode_s3_listing(as_bytes(document)); }, throws_errc(Errc::corrupt));
}

TEST(S3Refusal, SaysWhatItKnows) {
  const S3Refusal refusal = decode_s3_refusal(as_bytes(
      "<Error><Code>AuthorizationHeaderMalformed</Code><Message>wrong; expecting 'eu'</Message>"
      "<Region>eu</Region><Endpoint>host</Endpoint><ServerTime>now</ServerTime></Error>"));
  EXPECT_EQ(refusal.code, "AuthorizationHeaderMalformed");
  EXPECT_EQ(refusal.message, "wrong; expecting 'eu'");
  EXPECT_EQ(refusal.region, "eu");
  EXPECT_EQ(refusal.endpoint, "host");
  EXPECT_EQ(refusal.server_time, "now");
  for (const std::string_view document : {"", "<html/>", "<Error", "not XML"}) {
    EXPECT_EQ(decode_s3_refusal(as_bytes(document)).code, "") << document;
  }
}

TEST(S3Listing, OfTheFirstVersionGoesOnBehindTheLastKey) {
  const std::string_view document =
      "<ListBucketResult><IsTruncated>true</IsTruncated>"
      "<Contents><Key>a</Key><Size>1</Size></Contents>"
      "<Contents><Key>b</Key><Size>1</Size></Contents></ListBucketResult>";
  EXPECT_EQ(decode_s3_listing(as_bytes(document), true).next_token, "b");
  EXPECT_THAT([&] { decode_s3_listing(as_bytes(document)); }, throws_errc(Errc::corrupt));
}

TEST(S3Documents, AreWrittenAsTheStoreWantsThem) {
  EXPECT_EQ(encode_s3_location("eu-west-3"),
            R"(<CreateBucketConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">)"
            "<LocationConstraint>eu-west-3</LocationConstraint></CreateBucketConfiguration>");
  EXPECT_EQ(encode_s3_retention("COMPLIANCE", "2026-01-01T00:00:00Z"),
            R"(<Retention xmlns="http://s3.amazonaws.com/doc/2006-03-01/">)"
            "<Mode>COMPLIANCE</Mode><RetainUntilDate>2026-01-01T00:00:00Z</RetainUntilDate>"
            "</Retention>");
  EXPECT_EQ(encode_s3_location("<&"),
            R"(<CreateBucketConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">)"
            "<LocationConstraint>&lt;&amp;</LocationConstraint></CreateBucketConfiguration>");
}

}  // namespace
}  // namespace medsave
