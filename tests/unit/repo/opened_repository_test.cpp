#include "medsave/repo/opened_repository.hpp"

#include "stores.hpp"
#include "support/matchers.hpp"

#include "medsave/maintain/migration.hpp"
#include "medsave/remote/retry_backend.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>

namespace medsave {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Far longer than a test: a request that ends in time was woken.
constexpr RetryPolicy kPatient = {.first_wait = std::chrono::hours(1),
                                  .longest_wait = std::chrono::hours(1),
                                  .give_up_after = std::chrono::hours(10)};

/// No thread of the lock's own interferes.
LockOptions unattended() {
  LockOptions options{.mode = LockMode::shared};
  options.timing.recheck = milliseconds(1);
  options.timing.poll = std::chrono::hours(1);
  options.timing.trust = milliseconds(0);
  return options;
}

/// A repository on a server that may fail with its packs.
struct Target {
  explicit Target(const std::stop_token& program) : opened("server", program) {
    const auto fail = [this](test::Call call, const FileRef& file) {
      if (down && call == test::Call::list && file.kind == FileKind::pack) {
        throw Error(Errc::io, "no answer");
      }
    };
    test::create_in(store);
    opened.set_repository(
        Repository::open(retry_requests(
                             std::make_unique<test::Connection>(store, fail), kPatient,
                             [this](const std::string&) { waits = true; }, opened.stop()),
                         Secret("password"), "", false, {}, opened.stop()));
    opened.take_lock(unattended(), {});
    opened.lock()->confirm();
  }

  /// A request that waits until the server is asked once more; this returns when it does.
  void begin_to_wait() {
    down = true;
    request = std::async(std::launch::async,
                         [this] { opened.repository().backend().list(FileKind::pack); });
    while (!waits) std::this_thread::sleep_for(milliseconds(1));
    down = false;
  }
  [[nodiscard]] bool ends_within(seconds limit) const {
    return request.wait_for(limit) == std::future_status::ready;
  }
  void remove_its_lock() {
    for (const ListedFile& file : store.list(FileKind::lock)) {
      store.remove({.kind = FileKind::lock, .id = file.id});
    }
  }
  void save() const { opened.repository().save_json(FileKind::snapshot, "{}"); }

  MemBackend store;
  std::atomic<bool> down = false;
  std::atomic<bool> waits = false;
  OpenedRepository opened;
  std::future<void> request;  // last: it uses the others
};

class TwoRepositories : public testing::Test {
 protected:
  ~TwoRepositories() override { program_.request_stop(); }

  void begin_to_wait() {
    one_.begin_to_wait();
    other_.begin_to_wait();
  }
  /// The other's request still waits, and what is done with it goes on.
  void expect_other_undisturbed() {
    EXPECT_FALSE(other_.ends_within(seconds(0)));
    EXPECT_FALSE(other_.opened.stop().stop_requested());
    EXPECT_FALSE(other_.opened.lock()->lost());
    EXPECT_NO_THROW(other_.opened.lock()->confirm());
    EXPECT_NO_THROW(other_.opened.explain_lost_lock());
    EXPECT_NO_THROW(other_.save());
  }

  std::stop_source program_;
  Target one_{program_.get_token()};
  Target other_{program_.get_token()};
};

TEST_F(TwoRepositories, WaitEachForItsOwnServerUntilOneIsCancelled) {
  begin_to_wait();
  one_.opened.cancel();
  EXPECT_TRUE(one_.ends_within(seconds(20)));
  EXPECT_TRUE(one_.opened.stop().stop_requested());
  EXPECT_NO_THROW(one_.opened.explain_lost_lock());
  EXPECT_THROW(one_.opened.lock()->confirm(), Interrupted);
  expect_other_undisturbed();
  EXPECT_FALSE(program_.stop_requested());
}

TEST_F(TwoRepositories, WaitEachForItsOwnServerUntilOneLosesItsLock) {
  begin_to_wait();
  one_.remove_its_lock();
  EXPECT_THAT([&] { one_.save(); }, test::throws_errc(Errc::locked));
  EXPECT_TRUE(one_.ends_within(seconds(20)));
  EXPECT_TRUE(one_.opened.stop().stop_requested());
  EXPECT_THAT([&] { one_.opened.explain_lost_lock(); }, test::throws_errc(Errc::locked));
  expect_other_undisturbed();
  EXPECT_FALSE(program_.stop_requested());
}

TEST_F(TwoRepositories, AreBothStoppedWithTheProgram) {
  begin_to_wait();
  program_.request_stop();
  EXPECT_TRUE(one_.ends_within(seconds(20)));
  EXPECT_TRUE(other_.ends_within(seconds(20)));
  EXPECT_NO_THROW(one_.opened.explain_lost_lock());
}

TEST_F(TwoRepositories, AreUnlockedOneByOne) {
  one_.opened.unlock();
  EXPECT_EQ(one_.opened.lock(), nullptr);
  EXPECT_THAT(one_.store.list(FileKind::lock), testing::SizeIs(0));
  EXPECT_THAT(other_.store.list(FileKind::lock), testing::SizeIs(1));
  EXPECT_NO_THROW(one_.save());
}

TEST(OpenedRepository, IsStoppedFromTheBeginningWhereTheProgramIs) {
  std::stop_source program;
  program.request_stop();
  const OpenedRepository opened("server", program.get_token());
  EXPECT_TRUE(opened.stop().stop_requested());
  EXPECT_EQ(opened.traffic().requests, 0U);
}

/// Opens the repository in `store` while somebody else has it locked, who does `work` then.
void open_after(MemBackend& store, const std::function<void()>& work) {
  const auto other = test::open_in(store);
  LockOptions exclusive = unattended();
  exclusive.mode = LockMode::exclusive;
  std::optional<RepoLock> theirs;
  theirs.emplace(*other, exclusive, NoticeSink(), std::stop_source());
  OpenedRepository opened("server", {});
  opened.set_repository(test::open_in(store));
  LockOptions waiting = unattended();
  waiting.retry = seconds(60);
  waiting.timing.first_retry = waiting.timing.longest_retry = milliseconds(5);
  const auto release = std::async(std::launch::async, [&] {
    std::this_thread::sleep_for(milliseconds(30));
    work();
    theirs.reset();
  });
  opened.take_lock(waiting, {});
}

TEST(OpenedRepository, IsStillTheSameAfterWaiting) {
  MemBackend store;
  test::create_in(store);
  EXPECT_NO_THROW(open_after(store, [] {}));
}

TEST(OpenedRepository, IsRefusedWhenItWasUpgradedMeanwhile) {
  MemBackend store;
  test::create_in(store, 1);
  EXPECT_THAT(
      [&] {
        open_after(store, [&] {
          const auto repository = test::open_in(store);
          upgrade_to_version_2(*repository, [](ByteView) {});
        });
      },
      test::throws_errc(Errc::io));
}

TEST(OpenedRepository, IsRefusedWhenAnotherWasMadeInItsPlace) {
  MemBackend store;
  test::create_in(store);
  MemBackend another;
  test::create_in(another);
  Buffer config;
  another.load({.kind = FileKind::config, .id = {}}, ~0ULL, config);
  EXPECT_THAT(
      [&] {
        open_after(store, [&] {
          store.overwrite({.kind = FileKind::config, .id = {}}, std::move(config));
        });
      },
      test::throws_errc(Errc::io));
}

}  // namespace
}  // namespace medsave
