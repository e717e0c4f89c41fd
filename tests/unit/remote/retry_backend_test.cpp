#include "medsave/remote/retry_backend.hpp"

#include "support/faulty_backend.hpp"
#include "support/matchers.hpp"
#include "support/time_and_chance.hpp"

#include "medsave/backend/guarded_backend.hpp"
#include "medsave/backend/mem_backend.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace medsave::test {
namespace {

using std::chrono::milliseconds;

constexpr RetryPolicy kQuick = {.first_wait = milliseconds(1),
                                .longest_wait = milliseconds(4),
                                .give_up_after = milliseconds(200)};
constexpr FileRef kConfig = {.kind = FileKind::config};
const FileRef kPack = {.kind = FileKind::pack, .id = Id::parse(std::string(64, '7')).value()};

/// Says that a request failed although it was carried out, the first time.
class LostAnswer : public MemBackend {
 public:
  void save(const FileRef& file, Buffer&& data) override {
    MemBackend::save(file, Buffer(data.view()));
    if (!std::exchange(lost_, true)) throw Error(Errc::io, "the answer was lost");
  }

 private:
  bool lost_ = false;
};

/// Keeps only the beginning of what it is to store, and says that it failed.
class FullServer : public MemBackend {
 public:
  explicit FullServer(std::size_t kept) : kept_(kept) {}
  void save(const FileRef& file, Buffer&& data) override {
    overwrite(file, Buffer(data.view().first(std::min(kept_, data.size()))));
    throw Error(Errc::io, "an input/output error");
  }

 private:
  const std::size_t kept_;
};

/// Fails as a server does that is down, or has one file it cannot read.
class UnreliableServer : public MemBackend {
 public:
  struct State {
    std::atomic<bool> down = false;
    std::atomic<unsigned> requests = 0;
    std::optional<FileRef> bad = {};
  };
  explicit UnreliableServer(State& state) : state_(state) {}
  std::optional<std::uint64_t> size(const FileRef& file) override {
    answer(file);
    return MemBackend::size(file);
  }
  void load(const FileRef& file, std::uint64_t limit, Buffer& out) override {
    answer(file);
    MemBackend::load(file, limit, out);
  }
  std::vector<ListedFile> list(FileKind kind) override {
    answer({.kind = kind});
    return MemBackend::list(kind);
  }

 private:
  void answer(const FileRef& file) {
    ++state_.requests;
    if (state_.down || state_.bad == file) throw Error(Errc::io, "no answer");
  }
  State& state_;
};

/// Fails to delete what is not there, as rclone does.
class StrictServer : public MemBackend {
 public:
  void remove(const FileRef& file) override {
    if (!size(file)) throw Error(Errc::io, "no such file");
    MemBackend::remove(file);
  }
};

class Retry : public testing::Test {
 protected:
  using Clock = std::chrono::steady_clock;

  std::unique_ptr<Backend> unreliable(RetryPolicy policy) {
    return retry_requests(
        std::make_unique<UnreliableServer>(*server_), policy,
        [this](const std::string&) { ++noticed_; }, stop_.get_token());
  }
  [[nodiscard]] unsigned notices() const { return noticed_; }
  std::unique_ptr<Backend> faulty(unsigned n, Errc code, bool from_then_on = false) {
    return retry_requests(
        std::make_unique<FaultyBackend>(store_, n, Error(code, "the line is dead"), from_then_on),
        kQuick, [this](const std::string& notice) { notices_.push_back(notice); });
  }

  MemBackend store_;
  std::vector<std::string> notices_;
  std::atomic<unsigned> noticed_ = 0;
  std::stop_source stop_;
  const std::unique_ptr<UnreliableServer::State> server_ =
      std::make_unique<UnreliableServer::State>();
};

TEST_F(Retry, TriesNoMoreOftenThanItMay) {
  UnreliableServer::State state;
  state.down = true;
  RetryPolicy policy = kQuick;
  policy.most_attempts = 3;
  const auto backend =
      retry_requests(std::make_unique<UnreliableServer>(state), policy, [](const std::string&) {});
  EXPECT_THAT([&] { backend->size(kConfig); }, throws_errc(Errc::io));
  EXPECT_EQ(state.requests, 3U);
}

TEST_F(Retry, WaitsAsLongAsChanceSays) {
  RetryPolicy policy = {.first_wait = milliseconds(400), .most_attempts = 2};
  const auto told = [&](std::uint64_t seed) {
    SeededRandom random(seed);
    std::string notice;
    retry_requests(
        std::make_unique<FaultyBackend>(store_, 1, Error(Errc::io, "the line is dead")), policy,
        [&](const std::string& text) { notice = text; }, {}, random)
        ->size(kConfig);
    return notice;
  };
  // 0.2 to 0.6 seconds.
  EXPECT_EQ(told(1), told(1));
  EXPECT_NE(told(1), told(3));
}

TEST_F(Retry, RepeatsEveryKindOfRequest) {
  for (unsigned n = 1; n <= 6; ++n) {
    notices_.clear();
    const auto backend = faulty(n, Errc::io);
    Buffer out;
    backend->save(kPack, Buffer(as_bytes("0123456789")));
    backend->load(kPack, 100, out);
    EXPECT_EQ(as_text(out.view()), "0123456789");
    backend->load_range(kPack, 3, 4, out);
    EXPECT_EQ(as_text(out.view()), "3456");
    EXPECT_EQ(backend->size(kPack), 10U);
    EXPECT_EQ(backend->list(FileKind::pack).size(), 1U);
    backend->remove(kPack);
    EXPECT_EQ(notices_.size(), 1U) << n;
    EXPECT_FALSE(store_.size(kPack));
  }
}

TEST_F(Retry, TellsWhatFailedAndWhy) {
  faulty(1, Errc::io)->size(kPack);
  ASSERT_EQ(notices_.size(), 1U);
  EXPECT_NE(notices_[0].find("the line is dead"), std::string::npos);
  EXPECT_NE(notices_[0].find("pack 77777777"), std::string::npos);
  EXPECT_THAT(notices_[0],
              testing::MatchesRegex("trying again in [0-9.]+ s, and then for up to [^:]*: .+"));
}

TEST_F(Retry, SaysOnceWhyWhileThatStaysTheSame) {
  RetryPolicy policy = kQuick;
  policy.most_attempts = 4;
  server_->down = true;
  const auto backend =
      retry_requests(std::make_unique<UnreliableServer>(*server_), policy,
                     [this](const std::string& notice) { notices_.push_back(notice); });
  EXPECT_THAT([&] { backend->size(kPack); }, throws_errc(Errc::io));
  ASSERT_EQ(notices_.size(), 3U);
  EXPECT_THAT(notices_[0], testing::HasSubstr("no answer"));
  for (const std::size_t later : {1U, 2U}) {
    EXPECT_THAT(notices_[later], testing::MatchesRegex("trying again in [0-9.]+ s"));
  }
}

TEST_F(Retry, GivesUpInTheEnd) {
  const auto start = Clock::now();
  const auto backend = faulty(1, Errc::io, true);
  EXPECT_THAT([&] { backend->size(kPack); }, throws_errc(Errc::unreachable));
  EXPECT_GT(notices_.size(), 3U);
  EXPECT_LT(Clock::now() - start, std::chrono::seconds(10));
}

TEST_F(Retry, AServerThatIsGoneIsOneFailureForAThousandFiles) {
  const auto backend = unreliable(kQuick);
  server_->down = true;
  EXPECT_THAT([&] { backend->size(kPack); }, throws_errc(Errc::unreachable));
  const unsigned tried = server_->requests;
  const auto start = Clock::now();
  Buffer out;
  for (int i = 0; i < 1000; ++i) {
    EXPECT_THAT([&] { backend->load(kPack, 100, out); }, throws_errc(Errc::unreachable));
  }
  EXPECT_LT(Clock::now() - start, std::chrono::seconds(2));
  EXPECT_LE(server_->requests, tried + 1) << "it rests between two tries";
}

TEST_F(Retry, AServerThatComesBackIsUsedAgain) {
  RetryPolicy policy = kQuick;
  policy.rest = milliseconds(50);
  const auto backend = unreliable(policy);
  server_->down = true;
  EXPECT_THAT([&] { backend->size(kPack); }, throws_errc(Errc::unreachable));
  server_->down = false;
  std::this_thread::sleep_for(milliseconds(60));
  EXPECT_NO_THROW(backend->size(kPack));
  EXPECT_NO_THROW(backend->list(FileKind::pack));
}

TEST_F(Retry, WhoeverWaitsEndsWhenAnotherGaveUp) {
  // The first one's next wait is in its patience, if only just; the second one's never is.
  RetryPolicy policy{.first_wait = milliseconds(20'000), .give_up_after = milliseconds(20'000)};
  const auto backend = unreliable(policy);
  server_->down = true;
  const auto start = Clock::now();
  std::vector<std::jthread> threads;
  for (int i = 0; i < 20; ++i) {  // the jitter lets about half of them wait
    threads.emplace_back(
        [&] { EXPECT_THAT([&] { backend->size(kPack); }, throws_errc(Errc::unreachable)); });
  }
  threads.clear();
  EXPECT_LT(Clock::now() - start, std::chrono::seconds(5));
}

TEST_F(Retry, OneFileThatCannotBeReadIsNoDeadServer) {
  const auto backend = unreliable(kQuick);
  server_->bad = kPack;
  Buffer out;
  EXPECT_THAT([&] { backend->load(kPack, 100, out); }, throws_errc(Errc::io));
  EXPECT_NO_THROW(backend->size(kConfig));
}

TEST_F(Retry, AStopWakesWhatWaits) {
  const auto backend = unreliable({.first_wait = milliseconds(60'000)});
  server_->down = true;
  Clock::time_point stopped;
  std::jthread stopper([&] {
    while (notices() == 0) std::this_thread::yield();
    server_->down = false;
    stopped = Clock::now();
    stop_.request_stop();
  });
  EXPECT_NO_THROW(backend->size(kPack)) << "cleaning up goes on";
  stopper.join();
  EXPECT_LT(Clock::now() - stopped, std::chrono::seconds(10));  // not a minute
}

TEST_F(Retry, DoesNotRepeatWhatCannotPass) {
  for (const Errc code : {Errc::permission, Errc::no_space, Errc::corrupt, Errc::usage}) {
    const auto backend = faulty(1, code, true);
    EXPECT_THAT([&] { backend->save(kPack, Buffer(as_bytes("x"))); }, throws_errc(code));
  }
  EXPECT_TRUE(notices_.empty());
}

TEST_F(Retry, WhatCannotBeStoredIsNotLeftThereCutOff) {
  const std::string content(40, 'x');
  for (const std::size_t kept : {0U, 17U, 39U, 40U}) {
    for (const FileKind kind : {FileKind::key, FileKind::lock, FileKind::snapshot, FileKind::index,
                                FileKind::pack, FileKind::config}) {
      SCOPED_TRACE(kept);
      SCOPED_TRACE(file_kind_name(kind));
      if (kept == 40 && kind == FileKind::config) continue;  // then it is stored
      const FileRef file{.kind = kind, .id = kPack.id};
      const auto backend =
          retry_requests(std::make_unique<FullServer>(kept), kQuick, [](const std::string&) {});
      // What is whole may be relied on by now, and an empty config may be another one's.
      const bool stays = kept == 40 || (kept == 0 && kind == FileKind::config);
      EXPECT_THAT([&] { backend->save(file, Buffer(as_bytes(content))); }, throws_errc(Errc::io));
      EXPECT_EQ(backend->size(file).has_value(), stays);
    }
  }
}

TEST_F(Retry, NothingIsTakenBackOnceTheLockIsLost) {
  auto server = std::make_unique<FullServer>(17);
  auto lock = std::make_shared<WriteCondition>();
  unsigned asked = 0;
  lock->set([&asked] {
    if (++asked > 1) throw Error(Errc::locked, "lost");
  });
  const auto backend = retry_requests(guard_writes(std::move(server), lock),
                                      {.give_up_after = milliseconds(0)}, [](const auto&) {});
  const FileRef index{.kind = FileKind::index, .id = kPack.id};
  EXPECT_THAT([&] { backend->save(index, Buffer(40)); }, throws_errc(Errc::io));
  EXPECT_EQ(asked, 3U);
  EXPECT_TRUE(backend->size(index));
}

TEST_F(Retry, AnotherOnesConfigIsNotTakenBack) {
  MemBackend store;
  store.save(kConfig, Buffer(as_bytes("sealed by somebody else")));
  const auto backend =
      retry_requests(std::make_unique<FaultyBackend>(store, 1, Error(Errc::no_space, "full")),
                     kQuick, [](const std::string&) {});
  EXPECT_THAT([&] { backend->save(kConfig, Buffer(100)); }, throws_errc(Errc::no_space));
  EXPECT_TRUE(store.size(kConfig));
}

TEST_F(Retry, ALockThatSomebodyElseRemovedIsNotDeletedAgainAndAgain) {
  const auto backend =
      retry_requests(std::make_unique<StrictServer>(), kQuick,
                     [this](const std::string& notice) { notices_.push_back(notice); });
  backend->remove({.kind = FileKind::lock, .id = kPack.id});
  EXPECT_EQ(notices_.size(), 1U);
  EXPECT_THAT([&] { backend->remove(kPack); }, throws_errc(Errc::io));
}

TEST_F(Retry, TakesItsOwnConfigForStoredWhenTheAnswerWasLost) {
  const auto backend =
      retry_requests(std::make_unique<LostAnswer>(), kQuick, [](const std::string&) {});
  backend->save(kConfig, Buffer(as_bytes("settings")));
  EXPECT_THAT([&] { backend->save(kConfig, Buffer(as_bytes("others"))); },
              throws_errc(Errc::exists));
}

}  // namespace
}  // namespace medsave::test
