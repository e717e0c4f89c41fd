#include "medsave/par/task_scope.hpp"

#include "medsave/base/error.hpp"
#include "medsave/par/bounded_queue.hpp"

#include <gtest/gtest.h>

#include <pthread.h>

#include <array>

namespace medsave {
namespace {

using namespace std::chrono_literals;

void wait_for_stop(const std::stop_token& stop) {
  while (!stop.stop_requested()) std::this_thread::sleep_for(1ms);
}

TEST(TaskScope, RunsItsTaskOnEveryThread) {
  std::atomic<int> runs = 0;
  TaskScope scope({});
  scope.spawn("count", 4, [&](const std::stop_token&) { ++runs; });
  scope.join();
  EXPECT_EQ(runs, 4);
}

TEST(TaskScope, CallsAtEndOnceAfterTheLastThread) {
  std::atomic<int> runs = 0;
  std::atomic<int> ends = 0;
  int runs_at_end = 0;
  TaskScope scope({});
  scope.spawn(
      "count", 4, [&](const std::stop_token&) { ++runs; },
      [&] {
        ++ends;
        runs_at_end = runs;
      });
  scope.join();
  EXPECT_EQ(ends, 1);
  EXPECT_EQ(runs_at_end, 4);
}

TEST(TaskScope, ClosesAPipelineStageByStage) {
  BoundedQueue<int> numbers(2);
  BoundedQueue<int> squares(2);
  long sum = 0;
  TaskScope scope({});
  scope.spawn(
      "make", 1,
      [&](const std::stop_token& stop) {
        for (int i = 1; i <= 100; ++i) ASSERT_TRUE(numbers.push(i, stop));
      },
      [&] { numbers.close(); });
  scope.spawn(
      "square", 3,
      [&](const std::stop_token& stop) {
        while (const auto n = numbers.pop(stop)) ASSERT_TRUE(squares.push(*n * *n, stop));
      },
      [&] { squares.close(); });
  scope.spawn("sum", 1, [&](const std::stop_token& stop) {
    while (const auto n = squares.pop(stop)) sum += *n;
  });
  scope.join();
  EXPECT_EQ(sum, 338350);
}

TEST(TaskScope, RethrowsTheFirstErrorAndStopsTheOthers) {
  bool ended = false;
  TaskScope scope({});
  scope.spawn(
      "wait", 2,
      [](const std::stop_token& stop) {
        wait_for_stop(stop);
        throw Error(Errc::internal, "second");
      },
      [&] { ended = true; });
  scope.spawn(
      "fail", 1, [](const std::stop_token&) { throw Error(Errc::corrupt, "first"); },
      [&] { ended = true; });
  try {
    scope.join();
    FAIL() << "join() returned";
  } catch (const Error& e) {
    EXPECT_STREQ(e.what(), "first");
  }
  EXPECT_FALSE(ended);
}

TEST(TaskScope, AnErrorIsNotHiddenByTheInterruptsItCauses) {
  TaskScope scope({});
  scope.spawn("check", 3, [](const std::stop_token& stop) {
    wait_for_stop(stop);
    check_stop(stop);
  });
  scope.fail(std::make_exception_ptr(Error(Errc::locked, "lost")));
  EXPECT_THROW(scope.join(), Error);
}

TEST(TaskScope, AnErrorOfAtEndCounts) {
  TaskScope scope({});
  scope.spawn(
      "end", 2, [](const std::stop_token&) {}, [] { throw Error(Errc::io, "end"); });
  EXPECT_THROW(scope.join(), Error);
}

TEST(TaskScope, StopsFromOutsideAsInterrupted) {
  std::stop_source outer;
  bool ended = false;
  TaskScope scope(outer.get_token());
  scope.spawn("wait", 2, wait_for_stop, [&] { ended = true; });
  outer.request_stop();
  EXPECT_THROW(scope.join(), Interrupted);
  EXPECT_FALSE(ended);
}

TEST(TaskScope, IsStoppedAtOnceWhenTheOuterTokenWas) {
  std::stop_source outer;
  outer.request_stop();
  TaskScope scope(outer.get_token());
  EXPECT_TRUE(scope.token().stop_requested());
}

TEST(TaskScope, StopsAndJoinsWhenNobodyDid) {
  std::atomic<bool> left = false;
  {
    TaskScope scope({});
    scope.spawn("wait", 1, [&](const std::stop_token& stop) {
      wait_for_stop(stop);
      left = true;
      throw Error(Errc::internal, "nobody asks");
    });
  }
  EXPECT_TRUE(left);
}

TEST(TaskScope, NamesItsThreads) {
  std::array<char, 32> name = {};
  TaskScope scope({});
  scope.spawn("a-name-longer-than-allowed", 1, [&](const std::stop_token&) {
    pthread_getname_np(pthread_self(), name.data(), name.size());
  });
  scope.join();
  EXPECT_STREQ(name.data(), "a-name-longer-t");
}

TEST(WorkerCount, IsAtLeastOne) { EXPECT_GE(worker_count(), 1U); }

}  // namespace
}  // namespace medsave
