#include "medsave/base/clock.hpp"

#include <gtest/gtest.h>

namespace medsave {
namespace {

TEST(Timestamp, ComparesSecondsBeforeNanoseconds) {
  EXPECT_LT((Timestamp{-2, 999'999'999}), (Timestamp{-1, 0}));
  EXPECT_LT((Timestamp{5, 1}), (Timestamp{5, 2}));
}

TEST(Timestamp, DifferencesCrossTheEpoch) {
  EXPECT_DOUBLE_EQ(seconds_between({-1, 500'000'000}, {1, 250'000'000}), 1.75);
  EXPECT_DOUBLE_EQ(seconds_between({1, 250'000'000}, {-1, 500'000'000}), -1.75);
}

TEST(SystemClock, IsPastTheYear2020) {
  const Timestamp now = system_clock().now();
  EXPECT_GT(now.seconds, 1'577'836'800);
  EXPECT_LT(now.nanoseconds, 1'000'000'000U);
}

}  // namespace
}  // namespace medsave
