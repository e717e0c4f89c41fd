#include "medsave/par/work_stack.hpp"

#include "medsave/par/task_scope.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace medsave {
namespace {

using namespace std::chrono_literals;

TEST(WorkStack, GivesOutTheNewestFirstAndThenEnds) {
  WorkStack<int> work;
  work.push(1);
  work.push(2);
  EXPECT_EQ(work.next({}), 2);
  work.done({3, 4});
  EXPECT_EQ(work.next({}), 4);
  work.done({});
  EXPECT_EQ(work.next({}), 3);
  work.done({});
  EXPECT_EQ(work.next({}), 1);
  work.done({});
  EXPECT_EQ(work.next({}), std::nullopt);
}

TEST(WorkStack, EndsAtOnceWithoutWork) {
  WorkStack<int> work;
  EXPECT_EQ(work.next({}), std::nullopt);
}

TEST(WorkStack, WaitsForWhatOthersMayStillFind) {
  WorkStack<int> work;
  work.push(1);
  ASSERT_EQ(work.next({}), 1);
  std::atomic<bool> ended = false;
  std::vector<int> got;
  std::jthread other([&] {
    while (const std::optional<int> item = work.next({})) {
      got.push_back(*item);
      work.done({});
    }
    ended = true;
  });
  std::this_thread::sleep_for(20ms);
  EXPECT_FALSE(ended);
  work.done({2});
  other.join();
  EXPECT_TRUE(ended);
  EXPECT_EQ(got, std::vector<int>{2});
}

TEST(WorkStack, AStopEndsIt) {
  WorkStack<int> work;
  work.push(1);
  ASSERT_EQ(work.next({}), 1);
  std::stop_source stop;
  std::jthread other([&] { EXPECT_EQ(work.next(stop.get_token()), std::nullopt); });
  std::this_thread::sleep_for(5ms);
  stop.request_stop();
  other.join();
  work.push(2);
  EXPECT_EQ(work.next(stop.get_token()), std::nullopt);
}

TEST(WorkStack, SeveralThreadsDoEachThingOnce) {
  constexpr int kLast = 5000;
  WorkStack<int> work;
  work.push(1);
  std::atomic<int> count = 0;
  std::atomic<long> sum = 0;
  TaskScope scope({});
  scope.spawn("work", 4, [&](const std::stop_token& stop) {
    while (const std::optional<int> item = work.next(stop)) {
      ++count;
      sum += *item;
      std::vector<int> found;
      for (const int child : {2 * *item, 2 * *item + 1}) {
        if (child <= kLast) found.push_back(child);
      }
      work.done(found);
    }
  });
  scope.join();
  EXPECT_EQ(count, kLast);
  EXPECT_EQ(sum, static_cast<long>(kLast) * (kLast + 1) / 2);
}

}  // namespace
}  // namespace medsave
