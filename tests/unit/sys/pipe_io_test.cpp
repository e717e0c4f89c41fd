#include "medsave/sys/pipe_io.hpp"

#include "support/matchers.hpp"

#include "medsave/sys/fd.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>

namespace medsave::test {
namespace {

using std::chrono::milliseconds;

class PipeIo : public testing::Test {
 protected:
  void SetUp() override {
    ::signal(SIGPIPE, SIG_IGN);  // as in the program
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    read_end_ = UniqueFd(ends[0]);
    write_end_ = UniqueFd(ends[1]);
    set_nonblocking(read_end_.get(), "pipe");
    set_nonblocking(write_end_.get(), "pipe");
  }

  UniqueFd read_end_;
  UniqueFd write_end_;
  Buffer data_{Buffer(1 << 20)};
};

TEST_F(PipeIo, ReadsWhatIsThereAndThenNothingAndThenTheEnd) {
  EXPECT_EQ(read_now(read_end_.get(), data_.writable(), "pipe"), std::nullopt);
  EXPECT_EQ(write_now(write_end_.get(), as_bytes("12345"), "pipe"), 5U);
  EXPECT_EQ(read_now(read_end_.get(), data_.writable(), "pipe"), 5U);
  EXPECT_EQ(read_now(read_end_.get(), data_.writable(), "pipe"), std::nullopt);
  write_end_.reset();
  EXPECT_EQ(read_now(read_end_.get(), data_.writable(), "pipe"), 0U);
}

TEST_F(PipeIo, WritesOnlyWhatHasRoom) {
  const std::size_t first = write_now(write_end_.get(), data_.view(), "pipe");
  EXPECT_GT(first, 0U);
  EXPECT_LT(first, data_.size());
  EXPECT_EQ(write_now(write_end_.get(), data_.view(), "pipe"), 0U);
}

TEST_F(PipeIo, AWiderPipeHoldsMore) {
  constexpr std::size_t kRoom = 256 << 10;
  widen_pipe(write_end_.get(), kRoom);
  EXPECT_GE(write_now(write_end_.get(), data_.view(), "pipe"), kRoom);
}

TEST_F(PipeIo, WritingToNobodyFails) {
  read_end_.reset();
  EXPECT_THAT([&] { write_now(write_end_.get(), as_bytes("x"), "pipe"); }, throws_errc(Errc::io));
}

TEST_F(PipeIo, SaysWhichIsReady) {
  WatchedFd watched[] = {
      {.fd = read_end_.get()}, {.fd = write_end_.get(), .for_writing = true}, {.fd = -1}};
  wait_until_ready(watched, milliseconds(10'000));
  EXPECT_FALSE(watched[0].ready);
  EXPECT_TRUE(watched[1].ready);
  EXPECT_FALSE(watched[2].ready);
  write_now(write_end_.get(), as_bytes("x"), "pipe");
  wait_until_ready(watched, milliseconds(10'000));
  EXPECT_TRUE(watched[0].ready);
}

TEST_F(PipeIo, AnEndIsReadyToBeRead) {
  write_end_.reset();
  WatchedFd watched[] = {{.fd = read_end_.get()}};
  wait_until_ready(watched, milliseconds(10'000));
  EXPECT_TRUE(watched[0].ready);
}

TEST_F(PipeIo, WaitsNoLongerThanAsked) {
  WatchedFd watched[] = {{.fd = read_end_.get()}};
  wait_until_ready(watched, milliseconds(20));
  EXPECT_FALSE(watched[0].ready);
}

}  // namespace
}  // namespace medsave::test
