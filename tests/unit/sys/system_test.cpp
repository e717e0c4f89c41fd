#include "medsave/base/system.hpp"

#include "medsave/sys/time_zone.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>

namespace medsave {
namespace {

TEST(Wipe, LeavesZeros) {
  std::string text = "secret";
  wipe(text.data(), text.size());
  EXPECT_EQ(text, std::string(6, '\0'));
}

TEST(AllocatePages, BeginsAtABlockOfADisk) {
  const std::unique_ptr<std::byte, decltype(&std::free)> memory(allocate_pages(5U << 20U),
                                                                &std::free);
  ASSERT_NE(memory, nullptr);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(memory.get()) % 4096, 0U);
}

TEST(LocalZone, HasTheOffsetThatTimesAreWrittenWith) {
  for (const std::int64_t seconds : {-5'000'000'000, 0L, 1'700'000'000L, 1'720'000'000L}) {
    const ZoneAt zone = local_zone_at(seconds);
    EXPECT_EQ(zone.offset, zone_offset_at(seconds)) << seconds;
    EXPECT_FALSE(zone.name.empty()) << seconds;
  }
}

TEST(ZoneOffset, IsZeroForAYearBeyondAnInt) { EXPECT_EQ(zone_offset_at(std::int64_t{1} << 60), 0); }

TEST(UtcCalendar, IsThatOfUtc) {
  const std::tm day = utc_calendar(951'782'400);  // 2000-02-29
  EXPECT_EQ(day.tm_year, 100);
  EXPECT_EQ(day.tm_mon, 1);
  EXPECT_EQ(day.tm_mday, 29);
  EXPECT_EQ(day.tm_wday, 2);
  EXPECT_EQ(day.tm_yday, 59);
}

TEST(UsableProcessors, AreThereHere) { EXPECT_GE(usable_processors(), 1U); }

}  // namespace
}  // namespace medsave
