#include "medsave/par/bounded_queue.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

namespace medsave {
namespace {

using namespace std::chrono_literals;

TEST(BoundedQueue, KeepsTheOrderAndMovesItsItems) {
  BoundedQueue<std::unique_ptr<int>> queue(3);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(queue.push(std::make_unique<int>(i), {}));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(**queue.pop({}), i);
}

TEST(BoundedQueue, ClosedGivesOutWhatIsInsideAndThenEnds) {
  BoundedQueue<int> queue(3);
  EXPECT_TRUE(queue.push(1, {}));
  queue.close();
  EXPECT_FALSE(queue.push(2, {}));
  EXPECT_EQ(queue.pop({}), 1);
  EXPECT_EQ(queue.pop({}), std::nullopt);
}

TEST(BoundedQueue, HoldsAFastProducerBack) {
  BoundedQueue<int> queue(2);
  std::atomic<int> pushed = 0;
  std::jthread producer([&] {
    for (int i = 0; i < 10; ++i) {
      EXPECT_TRUE(queue.push(i, {}));
      ++pushed;
    }
    queue.close();
  });
  std::this_thread::sleep_for(20ms);
  EXPECT_EQ(pushed, 2);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(queue.pop({}), i);
  EXPECT_EQ(queue.pop({}), std::nullopt);
}

TEST(BoundedQueue, CloseWakesWhoWaits) {
  BoundedQueue<int> queue(1);
  std::jthread consumer([&] { EXPECT_EQ(queue.pop({}), std::nullopt); });
  std::this_thread::sleep_for(5ms);
  queue.close();
}

TEST(BoundedQueue, StopWakesWhoWaits) {
  BoundedQueue<int> empty(1);
  BoundedQueue<int> full(1);
  EXPECT_TRUE(full.push(1, {}));
  std::stop_source stop;
  std::jthread consumer([&] { EXPECT_EQ(empty.pop(stop.get_token()), std::nullopt); });
  std::jthread producer([&] { EXPECT_FALSE(full.push(2, stop.get_token())); });
  std::this_thread::sleep_for(5ms);
  stop.request_stop();
}

TEST(BoundedQueue, StoppedGivesOutNothingMore) {
  BoundedQueue<int> queue(2);
  EXPECT_TRUE(queue.push(1, {}));
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(queue.pop(stop.get_token()), std::nullopt);
  EXPECT_FALSE(queue.push(2, stop.get_token()));
}

TEST(BoundedQueue, LosesNothingBetweenManyThreads) {
  constexpr int kItems = 2000;
  BoundedQueue<int> queue(4);
  std::atomic<long> sum = 0;
  std::atomic<int> count = 0;
  {
    std::vector<std::jthread> consumers;
    consumers.reserve(3);
    for (int t = 0; t < 3; ++t) {
      consumers.emplace_back([&] {
        while (const auto item = queue.pop({})) {
          sum += *item;
          ++count;
        }
      });
    }
    {
      std::vector<std::jthread> producers;
      producers.reserve(3);
      for (int t = 0; t < 3; ++t) {
        producers.emplace_back([&] {
          for (int i = 0; i < kItems; ++i) EXPECT_TRUE(queue.push(i, {}));
        });
      }
    }
    queue.close();
  }
  EXPECT_EQ(count, 3 * kItems);
  EXPECT_EQ(sum, 3L * kItems * (kItems - 1) / 2);
}

}  // namespace
}  // namespace medsave
