#include "medsave/par/byte_budget.hpp"

#include "medsave/base/error.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <thread>

namespace medsave {
namespace {

using namespace std::chrono_literals;

/// Whether `bytes` are free right now.
bool has_free(ByteBudget& budget, std::size_t bytes) {
  std::stop_source stop;
  std::jthread timer([&] {
    std::this_thread::sleep_for(20ms);
    stop.request_stop();
  });
  try {
    budget.take(bytes, stop.get_token());
    return true;
  } catch (const Interrupted&) {
    return false;
  }
}

TEST(ByteBudget, GivesOutNoMoreThanItHas) {
  ByteBudget budget(100);
  const auto a = budget.take(60, {});
  EXPECT_TRUE(has_free(budget, 40));
  EXPECT_FALSE(has_free(budget, 41));
}

TEST(ByteBudget, LeasesGiveBackWhatTheyShrinkBy) {
  ByteBudget budget(100);
  auto lease = budget.take(100, {});
  lease.shrink(30);
  EXPECT_TRUE(has_free(budget, 70));
  EXPECT_FALSE(has_free(budget, 71));
  lease.shrink(50);  // no way to grow
  EXPECT_TRUE(has_free(budget, 70));
  lease.release();
  lease.release();
  EXPECT_TRUE(has_free(budget, 100));
}

TEST(ByteBudget, LeasesMoveWithTheirBytes) {
  ByteBudget budget(100);
  auto first = budget.take(50, {});
  auto second = budget.take(50, {});
  auto moved = std::move(first);
  EXPECT_FALSE(has_free(budget, 1));
  moved = std::move(second);
  EXPECT_TRUE(has_free(budget, 50));
  EXPECT_FALSE(has_free(budget, 51));
}

TEST(ByteBudget, ARequestAboveTheCapacityWaitsForAllOfIt) {
  ByteBudget budget(100);
  {
    const auto small = budget.take(1, {});
    EXPECT_FALSE(has_free(budget, 1000));
  }
  const auto all = budget.take(1000, {});
  EXPECT_FALSE(has_free(budget, 1));
}

TEST(ByteBudget, WaitsUntilBytesAreFree) {
  ByteBudget budget(100);
  std::optional<ByteBudget::Lease> held = budget.take(100, {});
  std::atomic<bool> got = false;
  std::jthread waiter([&] {
    const auto lease = budget.take(10, {});
    got = true;
  });
  std::this_thread::sleep_for(10ms);
  EXPECT_FALSE(got);
  held.reset();
  waiter.join();
  EXPECT_TRUE(got);
}

}  // namespace
}  // namespace medsave
