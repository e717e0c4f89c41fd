// What a repository lets its holder publish and delete while a lock is held, doubted or lost.
#include "stores.hpp"
#include "support/matchers.hpp"

#include "medsave/backend/guarded_backend.hpp"
#include "medsave/repo/repo_lock.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <thread>

namespace medsave {
namespace {

using std::chrono::milliseconds;
using testing::SizeIs;

/// No thread of the lock's own interferes: everything depends on what the writer asks.
LockOptions unattended(LockMode mode) {
  LockOptions options{.mode = mode};
  options.timing.recheck = milliseconds(20);
  options.timing.poll = std::chrono::hours(1);
  options.timing.trust = milliseconds(0);
  return options;
}

class WriteConditionTest : public testing::Test {
 protected:
  std::unique_ptr<RepoLock> lock(const LockOptions& options, const std::stop_source& stop = {}) {
    return std::make_unique<RepoLock>(*repository_, options, NoticeSink(), stop);
  }
  Id save(FileKind kind) { return repository_->save_json(kind, "{}"); }
  void take_locks_away() {
    for (const ListedFile& file : store_.list(FileKind::lock)) {
      store_.remove({.kind = FileKind::lock, .id = file.id});
    }
  }
  void reopen(test::Connection::Hook hook) { repository_ = test::open_in(store_, std::move(hook)); }

  /// Every way to publish or delete something, or to end on the strength of what is there.
  std::vector<std::function<void()>> ways() {
    Backend& backend = repository_->backend();
    return {[this] { save(FileKind::index); },
            [this] { save(FileKind::snapshot); },
            [&backend] { backend.save({.kind = FileKind::key, .id = {}}, Buffer(3)); },
            [&backend] { backend.remove({.kind = FileKind::pack, .id = {}}); },
            [&backend] { backend.remove({.kind = FileKind::index, .id = {}}); },
            [&backend] { backend.remove({.kind = FileKind::snapshot, .id = {}}); },
            [&backend] { backend.remove({.kind = FileKind::key, .id = {}}); },
            [&backend] { backend.replace_config(Buffer(3)); },
            [&backend] { backend.remove_leftovers(); },
            [&backend] { backend.sync_found(); }};
  }

  MemBackend store_;
  std::unique_ptr<Repository> repository_ = test::create_in(store_);
};

TEST_F(WriteConditionTest, LetsTheHolderOfALockWrite) {
  for (const LockMode mode : {LockMode::shared, LockMode::exclusive}) {
    const auto held = lock(unattended(mode));
    for (const auto& way : ways()) EXPECT_NO_THROW(way());
  }
}

TEST_F(WriteConditionTest, RefusesEverythingOnceTheLockWasRemoved) {
  const std::size_t count = ways().size();
  for (std::size_t i = 0; i < count; ++i) {
    const std::stop_source stop;
    const auto held = lock(unattended(LockMode::shared), stop);
    held->confirm();
    take_locks_away();
    EXPECT_THAT([&] { ways()[i](); }, test::throws_errc(Errc::locked)) << i;
    EXPECT_TRUE(held->lost());
    EXPECT_TRUE(stop.stop_requested());
    for (const auto& way : ways()) EXPECT_THAT(way, test::throws_errc(Errc::locked));
    EXPECT_THAT([&] { held->confirm(); }, test::throws_errc(Errc::locked));
    // Nothing refers to a pack.
    EXPECT_NO_THROW(repository_->backend().save({.kind = FileKind::pack, .id = {}}, Buffer(3)));
    repository_->backend().barrier();
    store_.remove({.kind = FileKind::pack, .id = {}});
  }
  EXPECT_THAT(store_.list(FileKind::index), SizeIs(0));
  EXPECT_THAT(store_.list(FileKind::snapshot), SizeIs(0));
}

TEST_F(WriteConditionTest, RenewsADoubtfulLockBeforeAnythingIsPublished) {
  LockOptions options = unattended(LockMode::exclusive);
  options.timing.doubtful = milliseconds(100);
  const auto held = lock(options);
  const Id before = store_.list(FileKind::lock).at(0).id;
  std::this_thread::sleep_for(milliseconds(110));
  save(FileKind::index);
  const auto locks = store_.list(FileKind::lock);
  ASSERT_THAT(locks, SizeIs(1));
  EXPECT_NE(locks[0].id, before);
  EXPECT_FALSE(held->lost());
}

TEST_F(WriteConditionTest, PublishesNothingUnderADoubtfulLockThatIsGone) {
  LockOptions options = unattended(LockMode::shared);
  options.timing.doubtful = milliseconds(50);
  options.timing.trust = std::chrono::hours(1);
  const auto held = lock(options);
  held->confirm();
  take_locks_away();
  std::this_thread::sleep_for(milliseconds(60));
  EXPECT_THAT([&] { save(FileKind::snapshot); }, test::throws_errc(Errc::locked));
  EXPECT_THAT(store_.list(FileKind::snapshot), SizeIs(0));
  EXPECT_THAT(store_.list(FileKind::lock), SizeIs(0));
}

/// As `rclone serve restic` does.
class RemembersLocks : public MemBackend {
 public:
  std::optional<std::uint64_t> size(const FileRef& file) override {
    return file.kind == FileKind::lock ? 100 : MemBackend::size(file);
  }
};

TEST_F(WriteConditionTest, IsNotDeceivedByAServerThatRemembersTheLock) {
  RemembersLocks store;
  test::create_in(store);
  repository_ = test::open_in(store);
  const auto held = lock(unattended(LockMode::shared));
  save(FileKind::index);
  for (const ListedFile& file : store.list(FileKind::lock)) {
    store.remove({.kind = FileKind::lock, .id = file.id});
  }
  EXPECT_THAT([&] { save(FileKind::snapshot); }, test::throws_errc(Errc::locked));
  EXPECT_TRUE(held->lost());
}

TEST_F(WriteConditionTest, LooksForTheLockAgainOnlyAfterAWhile) {
  unsigned looks = 0;
  reopen([&](test::Call call, const FileRef& file) {
    if (call == test::Call::list && file.kind == FileKind::lock) ++looks;
  });
  LockOptions options = unattended(LockMode::shared);
  options.timing.trust = milliseconds(200);
  const auto held = lock(options);
  held->confirm();
  looks = 0;  // those by which it was taken
  for (int i = 0; i < 10; ++i) save(FileKind::index);
  EXPECT_EQ(looks, 0U);
  std::this_thread::sleep_for(milliseconds(210));
  save(FileKind::index);
  EXPECT_EQ(looks, 1U);
}

TEST_F(WriteConditionTest, PublishesNothingWhileTheLockCannotBeLookedFor) {
  bool away = false;
  reopen([&](test::Call call, const FileRef& file) {
    if (away && call == test::Call::list && file.kind == FileKind::lock) {
      throw Error(Errc::io, "no answer");
    }
  });
  const auto held = lock(unattended(LockMode::shared));
  held->confirm();
  away = true;
  EXPECT_THAT([&] { save(FileKind::index); }, test::throws_errc(Errc::io));
  EXPECT_THAT(store_.list(FileKind::index), SizeIs(0));
  EXPECT_FALSE(held->lost());
  away = false;
  save(FileKind::index);
}

TEST_F(WriteConditionTest, TakesASnapshotBackWhoseLockWentWhileItWasStored) {
  reopen([&](test::Call call, const FileRef& file) {
    if (call == test::Call::save && file.kind == FileKind::snapshot) take_locks_away();
  });
  const auto held = lock(unattended(LockMode::shared));
  EXPECT_THAT([&] { save(FileKind::snapshot); }, test::throws_errc(Errc::locked));
  EXPECT_THAT(store_.list(FileKind::snapshot), SizeIs(0));
}

TEST_F(WriteConditionTest, TheRefreshOfALockDoesNotHideThatItWasRemoved) {
  LockOptions options = unattended(LockMode::shared);
  options.timing.poll = milliseconds(2);
  options.timing.refresh = milliseconds(50);
  options.timing.trust = std::chrono::hours(1);
  const auto held = lock(options);
  held->confirm();
  take_locks_away();
  std::this_thread::sleep_for(milliseconds(200));
  EXPECT_THAT([&] { save(FileKind::snapshot); }, test::throws_errc(Errc::locked));
  EXPECT_TRUE(held->lost());
  EXPECT_THAT(store_.list(FileKind::lock), SizeIs(0));
}

TEST_F(WriteConditionTest, WaitsForTheSecondLook) {
  Id intruder;
  LockOptions options = unattended(LockMode::shared);
  options.timing.recheck = milliseconds(200);
  const auto held = lock(options);
  std::jthread other([&] {
    const auto theirs = test::open_in(store_);
    const LockFile file{.time = {.instant = system_clock().now(), .offset_seconds = 0},
                        .exclusive = true,
                        .hostname = "elsewhere",
                        .pid = 1};
    intruder = theirs->save_json(FileKind::lock, encode_lock_file(file));
  });
  EXPECT_THAT([&] { save(FileKind::index); }, test::throws_errc(Errc::locked));
  EXPECT_THAT(store_.list(FileKind::index), SizeIs(0));
}

TEST_F(WriteConditionTest, LetsAnInterruptedRunIndexWhatItHasStored) {
  std::stop_source stop;
  const auto held = lock(unattended(LockMode::shared), stop);
  held->confirm();
  stop.request_stop();
  EXPECT_NO_THROW(save(FileKind::index));
}

TEST_F(WriteConditionTest, AsksNothingOnceTheLockWasGivenBack) {
  lock(unattended(LockMode::shared)).reset();
  EXPECT_NO_THROW(save(FileKind::index));
}

}  // namespace
}  // namespace medsave
