#include "s3_address.hpp"

#include "percent.hpp"
#include "support/matchers.hpp"

#include "medsave/base/error.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace medsave {
namespace {

using test::throws_errc;

/// "https host bucket prefix".
std::string parsed(std::string_view address) {
  const S3Address result = parse_s3_address(address);
  return std::string(result.https ? "https " : "http ") + result.host + " " + result.bucket + " " +
         result.prefix;
}

TEST(S3Address, HasHostBucketAndPrefix) {
  EXPECT_EQ(parsed("s3.amazonaws.com/bucket"), "https s3.amazonaws.com bucket ");
  EXPECT_EQ(parsed("s3.amazonaws.com/bucket/a/b"), "https s3.amazonaws.com bucket a/b");
  EXPECT_EQ(parsed("//host/bucket/prefix"), "https host bucket prefix");
  EXPECT_EQ(parsed("host:9000/bucket"), "https host:9000 bucket ");
  EXPECT_EQ(parsed("https://host:9000/bucket/prefix"), "https host:9000 bucket prefix");
  EXPECT_EQ(parsed("http://[::1]:9000/bucket"), "http [::1]:9000 bucket ");
}

TEST(S3Address, LosesWhatSaysNothing) {
  EXPECT_EQ(parsed("https://HOST:443/bucket/"), "https host bucket ");
  EXPECT_EQ(parsed("http://host:80/bucket//a/./b/"), "http host bucket a/b");
  EXPECT_EQ(parsed("https://host:80/bucket"), "https host:80 bucket ");
}

TEST(S3Address, IsPercentEncodedAsAnUrlOnly) {
  EXPECT_EQ(parsed("https://host/bucket/a%20b%2Fc"), "https host bucket a b/c");
  EXPECT_EQ(parsed("host/bucket/a%20b?#"), "https host bucket a%20b?#");
  EXPECT_THAT([] { parsed("https://host/bucket/a%2"); }, throws_errc(Errc::usage));
  EXPECT_THAT([] { parsed("https://host/bucket/a?b"); }, throws_errc(Errc::usage));
}

TEST(S3Address, MustBeComplete) {
  for (const std::string_view address :
       {"", "/", "bucket", "host/", "host//prefix", "https://", "https:///bucket", "https://host",
        "ho st/bucket", "host/bucket/../other", "host\n/bucket"}) {
    EXPECT_THAT([&] { parsed(address); }, throws_errc(Errc::usage)) << address;
  }
}

TEST(S3Address, NeverShowsAPassword) {
  for (const std::string_view address :
       {"https://key:hunter2@host/bucket", "key:hunter2@host/bucket", "http://key:hunter2@"}) {
    try {
      parsed(address);
      FAIL() << address;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Errc::usage);
      EXPECT_THAT(e.what(), testing::Not(testing::HasSubstr("hunter2")));
    }
  }
}

std::string endpoint(std::string_view address, BucketLookup lookup, const std::string& region) {
  const S3Endpoint result = endpoint_of(parse_s3_address(address), lookup, region);
  return result.host + " " + result.bucket_path;
}

TEST(S3Endpoint, NamesBucketsAsTheStoreWantsIt) {
  const auto automatic = BucketLookup::automatic;
  EXPECT_EQ(endpoint("host:9000/bucket", automatic, "us-east-1"), "host:9000 /bucket");
  EXPECT_EQ(endpoint("host:9000/my bucket", automatic, "us-east-1"), "host:9000 /my%20bucket");
  EXPECT_EQ(endpoint("host:9000/bucket", BucketLookup::dns, "us-east-1"), "bucket.host:9000 ");
  EXPECT_EQ(endpoint("s3.amazonaws.com/bucket", automatic, "us-east-1"),
            "bucket.s3.amazonaws.com ");
  EXPECT_EQ(endpoint("s3.amazonaws.com/bucket", automatic, "eu-west-3"),
            "bucket.s3.eu-west-3.amazonaws.com ");
  EXPECT_EQ(endpoint("s3.amazonaws.com/bucket", BucketLookup::path, "eu-west-3"),
            "s3.eu-west-3.amazonaws.com /bucket");
  EXPECT_EQ(endpoint("s3.eu-west-3.amazonaws.com/a.b", automatic, "eu-west-3"),
            "s3.eu-west-3.amazonaws.com /a.b");
}

TEST(S3Endpoint, TellsTheRegionOfAmazonsHosts) {
  EXPECT_EQ(region_of_host("s3.eu-west-3.amazonaws.com"), "eu-west-3");
  EXPECT_EQ(region_of_host("s3-eu-west-1.amazonaws.com"), "eu-west-1");
  EXPECT_EQ(region_of_host("s3.dualstack.eu-west-1.amazonaws.com"), "eu-west-1");
  EXPECT_EQ(region_of_host("s3.cn-north-1.amazonaws.com.cn"), "cn-north-1");
  EXPECT_EQ(region_of_host("s3.amazonaws.com"), "");
  EXPECT_EQ(region_of_host("s3.example.org"), "");
}

TEST(BucketLookup, IsOneOfThree) {
  EXPECT_EQ(parse_bucket_lookup("auto"), BucketLookup::automatic);
  EXPECT_EQ(parse_bucket_lookup("dns"), BucketLookup::dns);
  EXPECT_EQ(parse_bucket_lookup("path"), BucketLookup::path);
  EXPECT_THAT([] { parse_bucket_lookup("Path"); }, throws_errc(Errc::usage));
}

TEST(PercentDecode, TakesWholeTriplesOnly) {
  EXPECT_EQ(percent_decode("a%20b%C3%a9+"), "a b\xC3\xA9+");
  EXPECT_EQ(percent_decode(""), "");
  for (const std::string_view text : {"%", "%2", "a%zz", "%2 ", "%-1", "%+1"}) {
    EXPECT_FALSE(percent_decode(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace medsave
