#include "medsave/format/time_text.hpp"

#include "fixtures.hpp"
#include "random_node.hpp"

#include "medsave/base/text.hpp"

#include <gtest/gtest.h>

#include <ctime>

namespace medsave::test {
namespace {

constexpr std::int64_t kYear0 = -62'167'219'200;
constexpr std::int64_t kYear10000 = 253'402'300'800;

TEST(FormatTime, WritesTheFractionWithoutTrailingZeros) {
  in_zone("UTC", [] {
    EXPECT_EQ(format_time({0, 0}), "1970-01-01T00:00:00Z");
    EXPECT_EQ(format_time({0, 1}), "1970-01-01T00:00:00.000000001Z");
    EXPECT_EQ(format_time({1721044800, 100'000'000}), "2024-07-15T12:00:00.1Z");
    EXPECT_EQ(format_time({-1, 999'999'990}), "1969-12-31T23:59:59.99999999Z");
  });
}

TEST(FormatTime, UsesTheOffsetValidAtTheInstant) {
  in_zone("Europe/Berlin", [] {
    EXPECT_EQ(format_time({1721044800, 100'000'000}), "2024-07-15T14:00:00.1+02:00");
    EXPECT_EQ(format_time({1711846799, 0}), "2024-03-31T01:59:59+01:00");
    EXPECT_EQ(format_time({1711846800, 0}), "2024-03-31T03:00:00+02:00");
    EXPECT_EQ(format_time({1729990799, 0}), "2024-10-27T02:59:59+02:00");
    EXPECT_EQ(format_time({1729990800, 0}), "2024-10-27T02:00:00+01:00");
  });
  in_zone("Europe/London", [] {
    EXPECT_EQ(format_time({1705320000, 0}), "2024-01-15T12:00:00Z");
    EXPECT_EQ(format_time({1721044800, 0}), "2024-07-15T13:00:00+01:00");
  });
  in_zone("Asia/Kolkata", [] { EXPECT_EQ(format_time({0, 0}), "1970-01-01T05:30:00+05:30"); });
}

TEST(FormatTime, CutsOffsetsWithSecondsToMinutesTowardsZero) {
  in_zone("Africa/Monrovia", [] {
    EXPECT_EQ(format_time({0, 0}), "1969-12-31T23:15:30-00:44");
    EXPECT_EQ(format_time({63593069, 0}), "1972-01-06T23:59:59-00:44");
    EXPECT_EQ(format_time({63593070, 0}), "1972-01-07T00:44:30Z");
  });
  in_zone("XXX0:00:30", [] { EXPECT_EQ(format_time({0, 0}), "1969-12-31T23:59:30+00:00"); });
}

TEST(FormatZonedTime, KeepsTheInstantWhereOffsetsHaveSeconds) {
  for (const char* zone : {"Africa/Monrovia", "XXX-0:09:21", "XXX0:00:30"}) {
    in_zone(zone, [zone] {
      for (const std::int64_t seconds : {std::int64_t{0}, std::int64_t{63593069}, kYear0 + 86400}) {
        const std::string text = format_zoned_time(in_local_zone({seconds, 5}));
        const std::optional<ZonedTime> parsed = parse_time(text);
        ASSERT_TRUE(parsed) << zone << " " << text;
        EXPECT_EQ(parsed->instant, (Timestamp{seconds, 5})) << zone << " " << text;
      }
      // The year 0 begins with whole minutes of an offset that has seconds.
      const std::int32_t offset = in_local_zone({kYear0 + 86400, 0}).offset_seconds;
      EXPECT_TRUE(parse_time(format_zoned_time({{kYear0 - offset, 0}, offset})));
    });
  }
}

TEST(FormatTime, ClampsYearsThatHaveNoFourDigits) {
  in_zone("UTC", [] {
    EXPECT_EQ(format_time({kYear0, 0}), "0000-01-01T00:00:00Z");
    EXPECT_EQ(format_time({kYear0 - 1, 5}), "0000-12-31T23:59:59.000000005Z");
    EXPECT_EQ(format_time({kYear10000 - 1, 0}), "9999-12-31T23:59:59Z");
    EXPECT_EQ(format_time({kYear10000, 0}), "9999-01-01T00:00:00Z");
    EXPECT_EQ(format_time({kYear10000 + 59 * 86400, 0}), "9999-03-01T00:00:00Z");  // 29 February
    EXPECT_EQ(format_time({kYear10000 + 400LL * 365 * 86400, 0}).substr(0, 5), "9999-");
    EXPECT_EQ(format_time({INT64_MAX, 999'999'999}).substr(0, 5), "9999-");
    EXPECT_EQ(format_time({INT64_MIN, 0}).substr(0, 5), "0000-");
  });
  in_zone("Europe/Berlin", [] {
    EXPECT_EQ(format_time({kYear10000 - 1, 0}), "9999-01-01T00:59:59+01:00");
    EXPECT_EQ(format_time({kYear10000 + 200 * 86400, 0}), "9999-07-19T02:00:00+02:00");
  });
  in_zone("America/New_York", [] {
    EXPECT_EQ(format_time({kYear10000, 0}), "9999-12-31T19:00:00-05:00");
    EXPECT_EQ(format_time({kYear0, 0}).substr(0, 10), "0000-12-31");
  });
}

TEST(FormatTime, AgreesWithTheCLibraryAroundEveryChange) {
  for (const char* zone :
       {"Europe/Berlin", "Africa/Monrovia", "Asia/Kolkata", "Africa/Casablanca", "Africa/Freetown",
        "America/Recife", "Australia/Lord_Howe", "Asia/Gaza"}) {
    in_zone(zone, [zone] {
      // Once in order and once at random, so that remembered spans are replaced as well.
      Generator random(3);
      for (int i = 0; i < 60000; ++i) {
        const std::int64_t seconds =
            i % 2 == 0 ? -2'500'000'000 + std::int64_t{i} * 100'003
                       : static_cast<std::int64_t>(pick(random, 8'000'000'000)) - 2'500'000'000;
        std::tm parts = {};
        const std::time_t instant = seconds;
        localtime_r(&instant, &parts);
        ASSERT_EQ(in_local_zone({seconds, 0}).offset_seconds, parts.tm_gmtoff)
            << zone << " " << seconds;
      }
    });
  }
}

TEST(ParseTime, ReadsWhatIsWritten) {
  Generator random(2);
  for (const char* zone : {"UTC", "Europe/Berlin", "Asia/Kolkata", "America/New_York"}) {
    in_zone(zone, [&random] {
      for (int i = 0; i < 3000; ++i) {
        // Later than the days when offsets had seconds, which the text does not keep.
        const Timestamp time = {static_cast<std::int64_t>(pick(random, 4'000'000'000)),
                                static_cast<std::uint32_t>(pick(random, 1'000'000'000))};
        const std::optional<ZonedTime> parsed = parse_time(format_time(time));
        ASSERT_TRUE(parsed);
        EXPECT_EQ(*parsed, in_local_zone(time));
        EXPECT_EQ(format_zoned_time(*parsed), format_time(time));
      }
    });
  }
}

TEST(ParseTime, AcceptsAnyOffsetAndFraction) {
  EXPECT_EQ(parse_time("2024-07-15T12:00:00Z"), (ZonedTime{{1721044800, 0}, 0}));
  EXPECT_EQ(parse_time("2024-07-15T14:00:00.100+02:00"),
            (ZonedTime{{1721044800, 100'000'000}, 7200}));
  EXPECT_EQ(parse_time("1969-12-31T23:15:30-00:44"), (ZonedTime{{-30, 0}, -2640}));
  EXPECT_EQ(parse_time("2024-07-15T12:00:00.1234567899Z")->instant.nanoseconds, 123'456'789U);
  EXPECT_EQ(parse_time("2024-07-15T12:00:00-00:00"), (ZonedTime{{1721044800, 0}, 0}));
  EXPECT_EQ(parse_time("0000-01-01T00:00:00Z")->instant.seconds, kYear0);
}

TEST(ParseTime, TakesShortHoursAndCommasAsGoDoes) {
  const std::int64_t noon = parse_time("2024-07-15T12:00:00Z")->instant.seconds;
  EXPECT_EQ(parse_time("2024-07-15T12:00:00,1Z")->instant, (Timestamp{noon, 100'000'000}));
  EXPECT_EQ(parse_time("2024-07-15T9:00:00Z")->instant, (Timestamp{noon - 3 * 3600, 0}));
}

TEST(ParseTime, RejectsMalformedText) {
  for (const char* bad : {"",
                          "2024",
                          "2024-07-15",
                          "2024-07-15T12:00:00",
                          "2024-07-15 12:00:00Z",
                          "2024-07-15T12:00:00.Z",
                          "2024-13-15T12:00:00Z",
                          "2024-00-15T12:00:00Z",
                          "2024-02-30T12:00:00Z",
                          "2023-02-29T12:00:00Z",
                          "2024-07-00T12:00:00Z",
                          "2024-07-15T24:00:00Z",
                          "2024-07-15T12:60:00Z",
                          "2024-07-15T12:00:60Z",
                          "2024-07-15T:00:00Z",
                          "2024-07-15T123:00:00Z",
                          "2024-07-15T12:0:00Z",
                          "2024-07-15T12:00:00,Z",
                          "2024-07-15T12:00:00+24:00",
                          "2024-07-15T12:00:00+02:60",
                          "2024-07-15T12:00:00+2:00",
                          "2024-07-15T12:00:00+0200",
                          "2024-07-15T12:00:00Zx",
                          "-024-07-15T12:00:00Z",
                          "12024-07-15T12:00:00Z",
                          "2024-07-15T12:00:00z",
                          "2024-7-15T12:00:00Z"}) {
    EXPECT_EQ(parse_time(bad), std::nullopt) << bad;
  }
}

TEST(ParseLocalTime, TakesDateAndTimeOrADateAlone) {
  in_zone("Europe/Berlin", [] {
    EXPECT_EQ(parse_local_time("2024-07-15 14:00:00"), (Timestamp{1721044800, 0}));
    EXPECT_EQ(parse_local_time("2024-01-15"), (Timestamp{1705273200, 0}));
    EXPECT_EQ(parse_local_time("2024-03-31 12:00:00"), (Timestamp{1711879200, 0}));
    EXPECT_EQ(parse_local_time("1970-01-01 00:59:59"), (Timestamp{-1, 0}));
    for (const char* bad : {"", "2024-07-15 14:00", "2024-07-15T14:00:00", "2024-02-30",
                            "2024-07-15 14:00:00 ", "now", "2024-07-15 25:00:00"}) {
      EXPECT_EQ(parse_local_time(bad), std::nullopt) << bad;
    }
    EXPECT_EQ(format_local_time({1721044800, 5}), "2024-07-15 14:00:00");
  });
}

TEST(TellTime, WritesAsSentencesOfTheLanguageDo) {
  in_zone("Europe/Berlin", [] {
    EXPECT_EQ(tell_time({1721044859, 5}), "2024-07-15 14:00:59");
    EXPECT_EQ(tell_day({1721044859, 5}), "2024-07-15");
    init_language("fr");
    EXPECT_EQ(tell_time({1721044859, 5}), "15/07/2024 à 14:00");
    EXPECT_EQ(tell_day({1721044859, 5}), "15/07/2024");
    EXPECT_EQ(format_local_time({1721044859, 5}), "2024-07-15 14:00:59") << "in a list";
    init_language("en");
  });
}

}  // namespace
}  // namespace medsave::test
