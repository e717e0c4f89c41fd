#include "medsave/base/units.hpp"

#include "medsave/base/grammar.hpp"
#include "medsave/base/text.hpp"

#include <gtest/gtest.h>

namespace medsave {
namespace {

using std::chrono::nanoseconds;

TEST(ParseSize, KnowsItsUnits) {
  const std::pair<std::string_view, std::uint64_t> cases[] = {
      {"0", 0},
      {"1048576", 1048576},
      {"7b", 7},
      {"7B", 7},
      {"512k", 512 << 10},
      {"16M", 16 << 20},
      {"16m", 16 << 20},
      {"2G", 2ULL << 30U},
      {"1T", 1ULL << 40U},
      {"2GB", 2ULL << 30U},
      {"2gib", 2ULL << 30U},
      {"3KiB", 3 << 10},
      {"9223372036854775807", 9223372036854775807ULL}};
  for (const auto& c : cases) EXPECT_EQ(parse_size(c.first), c.second) << c.first;
}

TEST(ParseSize, RejectsEverythingElse) {
  for (const std::string_view text :
       {"", "k", "-1", "+1", " 1", "1 ", "1.5G", "1KK", "5iB", "5i", "5Ki", "5KiBB", "1X", "1BB",
        "0x10", "9223372036854775808", "8388608T", "99999999999999999999"}) {
    EXPECT_EQ(parse_size(text), std::nullopt) << text;
  }
}

TEST(FormatSize, HasThreeDecimals) {
  EXPECT_EQ(format_size(0), "0 B");
  EXPECT_EQ(format_size(1023), "1023 B");
  EXPECT_EQ(format_size(1536), "1.500 KiB");
  EXPECT_EQ(format_size(12'944'671), "12.345 MiB");
  EXPECT_EQ(format_size(1ULL << 30U), "1.000 GiB");
  EXPECT_EQ(format_size(5ULL << 40U), "5.000 TiB");
}

TEST(FormatDuration, LeavesOutTheHoursWhenThereAreNone) {
  EXPECT_EQ(format_duration(std::chrono::seconds(7)), "0:07");
  EXPECT_EQ(format_duration(std::chrono::seconds(754)), "12:34");
  EXPECT_EQ(format_duration(std::chrono::seconds(3723)), "1:02:03");
  EXPECT_EQ(format_duration(std::chrono::seconds(-1)), "0:00");
}

TEST(ParseGoDuration, ReadsWhatGoReads) {
  const std::pair<std::string_view, std::int64_t> cases[] = {{"0", 0},
                                                             {"300ms", 300'000'000},
                                                             {"90s", 90'000'000'000},
                                                             {"1h30m", 5'400'000'000'000},
                                                             {"1.5h", 5'400'000'000'000},
                                                             {".5s", 500'000'000},
                                                             {"5.s", 5'000'000'000},
                                                             {"0.3s", 300'000'000},
                                                             {"+5s", 5'000'000'000},
                                                             {"10us", 10'000},
                                                             {"10\u00b5s", 10'000},
                                                             {"10\u03bcs", 10'000},
                                                             {"1m1ns", 60'000'000'001},
                                                             {"0.000000001s", 1}};
  for (const auto& c : cases)
    EXPECT_EQ(parse_go_duration(c.first), nanoseconds(c.second)) << c.first;
}

TEST(FormatGoDuration, WritesWhatGoWrites) {
  EXPECT_EQ(format_period(std::chrono::seconds(0)), "0s");
  EXPECT_EQ(format_period(std::chrono::seconds(59)), "59s");
  EXPECT_EQ(format_period(std::chrono::minutes(5)), "5m0s");
  EXPECT_EQ(format_period(std::chrono::seconds(3661)), "1h1m1s");
}

TEST(FormatForPeople, FollowsTheLanguage) {
  init_language("fr");
  EXPECT_EQ(format_size(288'873'000), "275,5\u00a0Mio");
  EXPECT_EQ(format_size(512), "512\u00a0o");
  EXPECT_EQ(format_percent(24.42, 1), "24,4\u00a0%");
  EXPECT_EQ(format_decimal(1.25, 2), "1,25");
  EXPECT_EQ(format_period(std::chrono::seconds(0)), "0\u00a0s");
  EXPECT_EQ(format_period(std::chrono::seconds(30)), "30\u00a0s");
  EXPECT_EQ(format_period(std::chrono::minutes(15)), "15\u00a0min");
  EXPECT_EQ(format_period(std::chrono::minutes(90)), "1\u00a0h\u00a030\u00a0min");
  EXPECT_EQ(noun_number(1, 2), 1U) << "1 fichier sur 2";
  EXPECT_EQ(noun_number(format_size(2'040'109'465)), 1U) << "1,9 Gio lu";
  EXPECT_EQ(noun_number(format_size(2'130'303'778)), 2U) << "2,0 Gio lus";
  EXPECT_EQ(noun_number("  0,3\u00a0%"), 0U);
  EXPECT_EQ(noun_number("100,0\u00a0%"), 100U);
  init_language("en");
  EXPECT_EQ(noun_number(1, 2), 2U) << "1 / 2 files";
  EXPECT_EQ(format_percent(24.42, 1), "24.4%");
  EXPECT_EQ(format_decimal(1.25, 2), "1.25");
}

TEST(ParseGoDuration, RejectsEverythingElse) {
  for (const std::string_view text : {"", "+", "3", "-5s", "s", ".s", "1.2.3s", "5 s", "1d", "1hh",
                                      "300000000h", "99999999999999999999s"}) {
    EXPECT_EQ(parse_go_duration(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace medsave
