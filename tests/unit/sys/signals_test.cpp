#include "medsave/sys/signals.hpp"

#include <gtest/gtest.h>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <stdexcept>
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

/// Sent by a process that neither started this one nor leads its session, as restic does.
void hang_up_by_a_stranger(pid_t target) {
  const pid_t middle = ::fork();
  if (middle == 0) {
    ::kill(target, SIGHUP);
    ::_exit(0);
  }
  ::waitpid(middle, nullptr, 0);
}

TEST(SignalGuard, SurvivesHangupByAnotherProcess) {
  const SignalGuard guard;
  hang_up_by_a_stranger(::getpid());
  EXPECT_FALSE(stops_within(guard.token(), std::chrono::milliseconds(50)));
  ::kill(::getpid(), SIGTERM);
  EXPECT_TRUE(stops_within(guard.token(), std::chrono::seconds(5)));
}

/// Exit status of a child that waits for a stop with a guard, after its parent hung up.
int status_after_hang_up(void (*handler)(int)) {
  int ready[2] = {};
  if (::pipe(ready) != 0) return -1;
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGHUP, handler);
    const SignalGuard guard;
    (void)!::write(ready[1], "x", 1);
    ::_exit(stops_within(guard.token(), std::chrono::milliseconds(500)) ? 7 : 8);
  }
  char byte = 0;
  (void)!::read(ready[0], &byte, 1);
  ::kill(child, SIGHUP);
  int status = 0;
  ::waitpid(child, &status, 0);
  ::close(ready[0]);
  ::close(ready[1]);
  return WEXITSTATUS(status);
}

TEST(SignalGuard, StopsWhenTheShellHandsOnAHangup) { EXPECT_EQ(status_after_hang_up(SIG_DFL), 7); }

TEST(SignalGuard, SurvivesHangupUnderNohup) { EXPECT_EQ(status_after_hang_up(SIG_IGN), 8); }

void pause_for(std::chrono::milliseconds time) { std::this_thread::sleep_for(time); }

TEST(SignalGuardDeathTest, ASecondCtrlCEndsAfterWhatIsRegisteredWasDone) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        const SignalGuard guard;
        const OnForcedExit failing([] { throw std::runtime_error("no"); });
        const OnForcedExit talking([] { (void)!::write(STDERR_FILENO, "cleaned", 7); });
        {
          const OnForcedExit gone([] { (void)!::write(STDERR_FILENO, "wrong", 5); });
        }
        ::kill(::getpid(), SIGINT);
        stops_within(guard.token(), std::chrono::seconds(5));
        pause_for(std::chrono::milliseconds(600));
        ::kill(::getpid(), SIGINT);
        pause_for(std::chrono::seconds(5));
      },
      testing::ExitedWithCode(130), "^cleaned$");
}

TEST(SignalGuardDeathTest, CleaningUpThatHangsDoesNotKeepTheProcess) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        const SignalGuard guard;
        const OnForcedExit hanging([] { pause_for(std::chrono::minutes(1)); });
        ::kill(::getpid(), SIGTERM);
        stops_within(guard.token(), std::chrono::seconds(5));
        pause_for(std::chrono::milliseconds(600));
        ::kill(::getpid(), SIGINT);
        pause_for(std::chrono::seconds(5));
      },
      testing::ExitedWithCode(130), "");
}

TEST(SignalGuardDeathTest, SignalsThatFollowAtOnceChangeNothing) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        const SignalGuard guard;
        for (const int number : {SIGTERM, SIGTERM, SIGINT}) {
          ::kill(::getpid(), number);
          stops_within(guard.token(), std::chrono::seconds(5));
          pause_for(std::chrono::milliseconds(20));
        }
        pause_for(std::chrono::milliseconds(600));
        ::kill(::getpid(), SIGTERM);
        pause_for(std::chrono::milliseconds(200));
        ::_exit(9);
      },
      testing::ExitedWithCode(9), "");
}

}  // namespace
}  // namespace medsave::test
