#include "time_layout.hpp"

#include <gtest/gtest.h>

namespace medsave {
namespace {

// 2026-03-07T15:04:09.0123+05:30, a Saturday, the 66th day.
const ZonedTime kMoment = {.instant = {.seconds = 1'772'876'049, .nanoseconds = 12'300'000},
                           .offset_seconds = 19800};

TEST(TimeLayout, WritesTheDefaultAsRfc3339) {
  EXPECT_EQ(format_like("2006-01-02T15:04:05Z07:00", kMoment), "2026-03-07T15:04:09+05:30");
  EXPECT_EQ(format_like("2006-01-02T15:04:05Z07:00", {.instant = {}, .offset_seconds = 0}),
            "1970-01-01T00:00:00Z");
}

TEST(TimeLayout, KnowsAllFormsOfAPart) {
  EXPECT_EQ(format_like("Jan January 1 01", kMoment), "Mar March 3 03");
  EXPECT_EQ(format_like("Mon Monday 2 02 _2 002 __2", kMoment), "Sat Saturday 7 07  7 066  66");
  EXPECT_EQ(format_like("15 3 03 4 04 5 05 PM pm", kMoment), "15 3 03 4 04 9 09 PM pm");
  EXPECT_EQ(format_like("06 2006 _2006", kMoment), "26 2026 _2026");
  EXPECT_EQ(format_like("-07 -0700 -07:00 -070000 -07:00:00", kMoment),
            "+05 +0530 +05:30 +053000 +05:30:00");
  EXPECT_EQ(format_like("Z07 Z0700 Z07:00", {.instant = {}, .offset_seconds = -7200}),
            "-02 -0200 -02:00");
  EXPECT_EQ(format_like("MST", kMoment), "+0530");
}

TEST(TimeLayout, WritesFractions) {
  EXPECT_EQ(format_like("05.000 05,000000000", kMoment), "09.012 09,012300000");
  EXPECT_EQ(format_like("05.999999 05.9", kMoment), "09.0123 09");
}

TEST(TimeLayout, CopiesWhatIsNoPartOfTheMoment) {
  EXPECT_EQ(format_like("Janitor Months: x_y-z", kMoment), "Janitor Months: x_y-z");
  EXPECT_EQ(format_like("", kMoment), "");
}

}  // namespace
}  // namespace medsave
