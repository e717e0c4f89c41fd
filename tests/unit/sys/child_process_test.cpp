#include "medsave/sys/child_process.hpp"

#include "support/matchers.hpp"

#include "medsave/sys/file_io.hpp"
#include "medsave/sys/signals.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>

namespace medsave::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

std::string read_to_end(const UniqueFd& fd) {
  Buffer out(1000);
  out.resize(read_some(fd.get(), out.writable(), "child"));
  return std::string(as_text(out.view()));
}

ChildSetup shell(const std::string& script) {
  return {.command = {"sh", "-c", script}, .out = ChildStream::pipe};
}

/// Reads the line that the script writes when it is ready.
std::string read_line(const UniqueFd& fd) {
  std::string line;
  for (Buffer c(1);
       read_some(fd.get(), c.writable(), "child") == 1 && c.view()[0] != std::byte{'\n'};) {
    line += as_text(c.view());
  }
  return line;
}

bool is_running(int pid) { return ::kill(pid, 0) == 0; }

TEST(ChildProcess, HasAPipeForEachStream) {
  ChildProcess child({.command = {"sh", "-c", "cat; echo problem >&2; exit 3"},
                      .in = ChildStream::pipe,
                      .out = ChildStream::pipe,
                      .err = ChildStream::pipe});
  write_all(child.in().get(), as_bytes("text"), "child");
  child.in().reset();
  EXPECT_EQ(read_to_end(child.out()), "text");
  EXPECT_EQ(read_to_end(child.err()), "problem\n");
  EXPECT_EQ(child.wait(), 3);
  EXPECT_EQ(child.wait(), 3);
  EXPECT_EQ(child.try_wait(), 3);
}

TEST(ChildProcess, ReadsNothingAndHasNoPipesByDefault) {
  ChildProcess child(shell("cat"));
  EXPECT_FALSE(child.in());
  EXPECT_FALSE(child.err());
  EXPECT_EQ(read_to_end(child.out()), "");
  EXPECT_EQ(child.wait(), 0);
}

TEST(ChildProcess, GetsVariablesAddedAndReplaced) {
  ASSERT_EQ(::setenv("MEDSAVE_TEST_OLD", "old", 1), 0);
  ASSERT_EQ(::setenv("MEDSAVE_TEST_OLD_ONE", "kept", 1), 0);
  ChildSetup setup = shell("echo $MEDSAVE_TEST_OLD $MEDSAVE_TEST_OLD_ONE $MEDSAVE_TEST_NEW");
  setup.environment = {{"MEDSAVE_TEST_OLD", "replaced"}, {"MEDSAVE_TEST_NEW", "a=b"}};
  ChildProcess child(setup);
  EXPECT_EQ(read_to_end(child.out()), "replaced kept a=b\n");
  EXPECT_STREQ(::getenv("MEDSAVE_TEST_OLD"), "old");
}

TEST(ChildProcess, DoesNotInheritThePipesOfAnother) {
  ChildProcess other(shell("exec sleep 60"));
  const std::string pipe =
      std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(other.out().get()));
  ChildProcess child(shell("readlink /proc/$$/fd/*"));
  const std::string open = read_to_end(child.out());
  EXPECT_THAT(open, testing::HasSubstr("pipe:["));
  EXPECT_THAT(open, testing::Not(testing::HasSubstr(pipe)));
}

TEST(ChildProcess, ErrorsNameTheProgram) {
  for (const bool ends_with_us : {false, true}) {
    const auto start = [&](const std::string& program) {
      return [=] { ChildProcess({.command = {program}, .ends_with_us = ends_with_us}); };
    };
    EXPECT_THAT(start("medsave-no-such-program"), throws_errc(Errc::usage));
    EXPECT_THAT(start("/no/such/folder/program"), throws_errc(Errc::usage));
    EXPECT_THAT(start("/etc/passwd"), throws_errc(Errc::permission));
    EXPECT_THAT(start(""), throws_errc(Errc::usage));
    try {
      start("medsave-no-such-program")();
    } catch (const Error& e) {
      EXPECT_THAT(e.what(), testing::HasSubstr("medsave-no-such-program"));
    }
  }
  EXPECT_THAT([] { ChildProcess({}); }, throws_errc(Errc::usage));
}

TEST(ChildProcess, CanBeEndedThoughWeBlockSignals) {
  const SignalGuard guard;
  ChildProcess child(shell("echo ready; exec sleep 60"));
  EXPECT_EQ(read_line(child.out()), "ready");
  EXPECT_FALSE(child.try_wait());
  EXPECT_EQ(child.terminate(seconds(20)), 128 + SIGTERM);
}

TEST(ChildProcess, IsKilledWhenItIgnoresTheRequest) {
  ChildProcess child(shell("trap '' TERM; echo ready; while :; do sleep 0.01; done"));
  EXPECT_EQ(read_line(child.out()), "ready");
  const auto begin = steady_clock::now();
  EXPECT_EQ(child.terminate(milliseconds(50)), 128 + SIGKILL);
  EXPECT_GE(steady_clock::now() - begin, milliseconds(50));
}

TEST(ChildProcess, EndsWithItsOwner) {
  int pid = -1;
  {
    const ChildProcess child(shell("exec sleep 60"));
    pid = child.pid();
    EXPECT_TRUE(is_running(pid));
  }
  EXPECT_FALSE(is_running(pid));
}

TEST(ChildProcess, IgnoresTheSignalsOfTheTerminalWhenAsked) {
  ChildSetup setup = shell("for s in INT HUP QUIT; do kill -$s $$; done; echo survived");
  setup.terminal = ChildTerminal::ignores_signals;
  ChildProcess child(setup);
  EXPECT_EQ(read_to_end(child.out()), "survived\n");
  EXPECT_EQ(child.wait(), 0);
}

TEST(ChildProcess, GetsTheSignalsOfTheTerminalOtherwise) {
  ChildProcess child(shell("kill -INT $$; echo survived"));
  EXPECT_EQ(child.wait(), 128 + SIGINT);
}

TEST(ChildProcess, AGroupOfItsOwnEndsAsAWhole) {
  ChildSetup setup = shell("sleep 60 & echo $!; wait");
  setup.terminal = ChildTerminal::own_group;
  ChildProcess child(setup);
  EXPECT_EQ(::getpgid(child.pid()), child.pid());
  const UniqueFd out(::dup(child.out().get()));
  EXPECT_FALSE(read_line(out).empty());
  child.terminate(seconds(20));
  EXPECT_EQ(read_to_end(out), "");  // ends only when the grandchild has gone
}

TEST(ChildProcess, OutlivesTheThreadThatStartedIt) {
  ChildSetup setup = shell("sleep 0.1; echo alive");
  setup.ends_with_us = true;
  std::unique_ptr<ChildProcess> child;
  std::thread([&] { child = std::make_unique<ChildProcess>(setup); }).join();
  EXPECT_EQ(read_to_end(child->out()), "alive\n");
  EXPECT_EQ(child->wait(), 0);
}

TEST(ChildProcess, EndsWithThisProcessWhenAsked) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const UniqueFd read_end(ends[0]);
  UniqueFd write_end(ends[1]);
  const int middle = ::fork();
  if (middle == 0) {
    // The grandchild holds the pipe open through its standard error.
    ::dup2(write_end.get(), STDERR_FILENO);
    ::close(write_end.get());
    const ChildProcess child({.command = {"sleep", "60"},
                              .out = ChildStream::devnull,
                              .err = ChildStream::inherited,
                              .ends_with_us = true});
    ::kill(::getpid(), SIGKILL);
  }
  ASSERT_GT(middle, 0);
  write_end.reset();
  const auto begin = steady_clock::now();
  EXPECT_EQ(read_to_end(read_end), "");
  EXPECT_LT(steady_clock::now() - begin, seconds(30));
  EXPECT_EQ(::waitpid(middle, nullptr, 0), middle);
}

}  // namespace
}  // namespace medsave::test
