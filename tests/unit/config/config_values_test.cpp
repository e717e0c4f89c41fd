#include "config_values.hpp"

#include "masking.hpp"
#include "table_reader.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace medsave {
namespace {

using std::chrono::seconds;

TEST(ConfigValues, PeriodsHaveUnits) {
  const std::vector<std::pair<std::string, seconds>> cases = {
      {"5m", std::chrono::minutes(5)},      {"5 min", std::chrono::minutes(5)},
      {"1h30m", std::chrono::minutes(90)},  {"1 hour 30 minutes", std::chrono::minutes(90)},
      {"36h", std::chrono::hours(36)},      {"90s", seconds(90)},
      {"1 day", std::chrono::hours(24)},    {"2w", std::chrono::weeks(2)},
      {"12 months", std::chrono::years(1)}, {"100 years", std::chrono::years(100)},
  };
  for (const auto& [text, period] : cases) EXPECT_EQ(read_period(text, seconds(1)), period) << text;
}

TEST(ConfigValues, NothingElseIsAPeriod) {
  for (const char* text : {"", "5", "m", "-5m", "1.5h", "5 M", "5 months ago", " 5m", "5ss", "0s",
                           "101 years", "99999999999s", "5m\n", "1h,30m"}) {
    EXPECT_THROW(read_period(text, seconds(1)), BadValue) << text;
  }
}

TEST(ConfigValues, PercentagesAreWholeAndAtMostAHundred) {
  EXPECT_EQ(read_percent("0%"), 0U);
  EXPECT_EQ(read_percent("100%"), 100U);
  for (const char* text : {"", "%", "5", "101%", "-1%", "5 %", "5%%", "5.5%"}) {
    EXPECT_THROW(read_percent(text), BadValue) << text;
  }
}

TEST(ConfigValues, AnAddressToPingIsHttpsButForThisComputer) {
  for (const char* text : {"https://hc.example/x", "https://hc.example:8443/x?y=1",
                           "http://localhost:8080/x", "http://127.0.0.1/x"}) {
    EXPECT_NO_THROW(check_ping(text)) << text;
  }
  for (const char* text : {"", "https://", "https:///x", "https://a b/", "http://a/", "ftp://a/",
                           "http://localhost@evil.example/", "https://a/\n"}) {
    EXPECT_THROW(check_ping(text), BadValue) << text;
  }
}

TEST(ConfigValues, AMailAddressIsNoOptionAndNoList) {
  EXPECT_NO_THROW(check_mail("technicien+medsave@example.org"));
  for (const char* text : {"", "a", "@a", "a@", "-oQ@a", "a@b,c@d", "a b@c", "a@b@c", "a@b\n"}) {
    EXPECT_THROW(check_mail(text), BadValue) << text;
  }
}

TEST(Masking, HidesWhatMayBeASecret) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"--password=x", "--password=***"},
      {"PGPASSWORD=x", "PGPASSWORD=***"},
      {"token=", "token="},
      {"-Fc", "-Fc"},
      {"https://u:p/w@h/x", "https://u:***@h/x"},
      {"see https://h/x and ftp://u:p@h", "see https://h/x and ftp://u:***@h"},
      {"a://b", "a://b"},
      {"://", "://"},
      {"u:p@h", "u:p@h"},
  };
  for (const auto& [text, shown] : cases) EXPECT_EQ(mask_argument(text), shown) << text;
  EXPECT_EQ(mask_ping("https://hc.example/abc"), "https://hc.example/***");
  EXPECT_EQ(mask_ping("https://u:p@hc.example?abc"), "https://hc.example/***");
  EXPECT_EQ(mask_ping("https://hc.example"), "https://hc.example");
}

TEST(QuotedValue, IsReadByJsonAndToml) {
  EXPECT_EQ(quoted_value("a\"\\\n\x7f\u00e9"), "\"a\\\"\\\\\\u000a\\u007f\u00e9\"");
  EXPECT_EQ(quoted_list({}), "[]");
  EXPECT_EQ(quoted_list({"a", "b"}), "[\"a\", \"b\"]");
}

}  // namespace
}  // namespace medsave
