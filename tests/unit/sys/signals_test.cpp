#include "medsave/sys/signals.hpp"

#include <gtest/gtest.h>

#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <thread>

namespace medsave::test {
namespace {

bool stops_within(const std::stop_token& token, std::chrono::milliseconds limit) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!token.stop_requested() && std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return token.stop_requested();
}

TEST(SignalGuard, TurnsTheFirstSignalIntoAStopRequest) {
  for (const int number : {SIGINT, SIGTERM}) {
    const SignalGuard guard;
    EXPECT_FALSE(guard.token().stop_requested());
    ::kill(::getpid(), number);
    EXPECT_TRUE(stops_within(guard.token(), std::chrono::seconds(5)));
  }
}

TEST(SignalGuard, SurvivesHangup) {
  const SignalGuard guard;
  ::kill(::getpid(), SIGHUP);
  EXPECT_FALSE(stops_within(guard.token(), std::chrono::milliseconds(50)));
  ::kill(::getpid(), SIGTERM);
  EXPECT_TRUE(stops_within(guard.token(), std::chrono::seconds(5)));
}

TEST(SignalGuardDeathTest, TheSecondSignalEndsAtOnce) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        const SignalGuard guard;
        ::kill(::getpid(), SIGINT);
        stops_within(guard.token(), std::chrono::seconds(5));
        ::kill(::getpid(), SIGINT);
        std::this_thread::sleep_for(std::chrono::seconds(5));
      },
      testing::ExitedWithCode(130), "");
}

}  // namespace
}  // namespace medsave::test
