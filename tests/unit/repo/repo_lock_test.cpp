#include "medsave/repo/repo_lock.hpp"

#include "lock_owner.hpp"
#include "stores.hpp"
#include "support/matchers.hpp"

#include "medsave/base/clock.hpp"
#include "medsave/repo/lock_removal.hpp"
#include "medsave/repo/lock_text.hpp"
#include "medsave/sys/host.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <thread>

namespace medsave {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::SizeIs;
using testing::ThrowsMessage;

LockOptions options(LockMode mode) {
  LockOptions quick{.mode = mode};
  quick.timing.recheck = milliseconds(30);
  quick.timing.unreadable = {milliseconds(5), milliseconds(5), milliseconds(5)};
  quick.timing.first_retry = milliseconds(5);
  quick.timing.longest_retry = milliseconds(20);
  return quick;
}

/// Refreshed every few milliseconds, doubtful after 200.
LockOptions restless(LockMode mode) {
  LockOptions quick = options(mode);
  quick.timing.poll = milliseconds(5);
  quick.timing.refresh = milliseconds(20);
  quick.timing.refresh_again = milliseconds(10);
  quick.timing.doubtful = milliseconds(200);
  return quick;
}

bool wait_until(const std::function<bool()>& condition) {
  for (int i = 0; i < 2000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(milliseconds(5));
  }
  return false;
}

/// The pid of a process that is gone.
std::int64_t ended_process() {
  const pid_t child = fork();
  if (child == 0) _exit(0);
  waitpid(child, nullptr, 0);
  return child;
}

class RepoLockTest : public testing::Test {
 protected:
  std::unique_ptr<RepoLock> lock(const LockOptions& how, const std::stop_source& stop = {}) {
    return std::make_unique<RepoLock>(
        *repository_, how, [this](const std::string& text) { notices_.push_back(text); }, stop);
  }
  std::unique_ptr<RepoLock> lock(LockMode mode) { return lock(options(mode)); }

  /// Of this process unless the test changes something.
  static LockFile other(bool exclusive) { return make_lock(exclusive); }
  Id put(const LockFile& file) {
    return repository_->save_json(FileKind::lock, encode_lock_file(file));
  }
  std::vector<ListedFile> locks() { return store_.list(FileKind::lock); }
  LockFile read(const Id& id) {
    Buffer json;
    repository_->load_json({.kind = FileKind::lock, .id = id}, json);
    return decode_lock_file(as_text(json.view()));
  }
  /// Like repository_, but each call passes by `hook`.
  void reopen(test::Connection::Hook hook) { repository_ = test::open_in(store_, std::move(hook)); }

  MemBackend store_;
  std::unique_ptr<Repository> repository_ = test::create_in(store_);
  std::vector<std::string> notices_;
};

TEST_F(RepoLockTest, IsAFileAsLongAsTheObjectLives) {
  for (const LockMode mode : {LockMode::shared, LockMode::exclusive}) {
    const std::stop_source stop;
    {
      const auto held = lock(options(mode), stop);
      held->confirm();
      EXPECT_TRUE(held->alone());
      EXPECT_FALSE(held->lost());
      EXPECT_FALSE(stop.stop_requested());
      ASSERT_THAT(locks(), SizeIs(1));
      const LockFile file = read(locks()[0].id);
      EXPECT_EQ(file.exclusive, mode == LockMode::exclusive);
      EXPECT_EQ(file.pid, process_id());
      EXPECT_EQ(file.hostname, host_name());
      EXPECT_EQ(file.boot_id, boot_id());
    }
    EXPECT_THAT(locks(), SizeIs(0));
    EXPECT_FALSE(stop.stop_requested());
  }
}

TEST_F(RepoLockTest, SharesButNotWithAnExclusiveOne) {
  {
    const auto first = lock(LockMode::shared);
    const auto second = lock(LockMode::shared);
    second->confirm();
    EXPECT_FALSE(second->alone());
    EXPECT_THAT([&] { lock(LockMode::exclusive); }, test::throws_errc(Errc::locked));
  }
  const auto exclusive = lock(LockMode::exclusive);
  EXPECT_THAT([&] { lock(LockMode::shared); }, test::throws_errc(Errc::locked));
  EXPECT_THAT([&] { lock(LockMode::exclusive); },
              ThrowsMessage<Error>(HasSubstr("PID " + std::to_string(process_id()))));
  EXPECT_THAT(locks(), SizeIs(1));
}

TEST(RepoLock, ThatTheStorageOnlySaysToHaveIsNone) {
  MemBackend store;
  const auto created = test::create_in(store);
  class Forgetful : public test::Connection {
   public:
    using Connection::Connection;
    void save(const FileRef& file, Buffer&& data) override {
      if (file.kind != FileKind::lock) Connection::save(file, std::move(data));
    }
  };
  const auto repository =
      Repository::open(std::make_unique<Forgetful>(store), Secret("password"), "");
  EXPECT_THAT([&] { RepoLock(*repository, options(LockMode::exclusive), {}, {}); },
              test::throws_errc(Errc::locked));
}

TEST_F(RepoLockTest, FindsAConflictAtTheSecondLook) {
  bool intruded = false;
  Id intruder;
  const auto hook = [&](test::Call call, const FileRef& file) {
    if (call != test::Call::save || file.kind != FileKind::lock || intruded) return;
    intruded = true;
    intruder = put(other(true));
  };
  LockOptions inspection = options(LockMode::exclusive);
  inspection.reads_first = true;
  for (const LockOptions& how :
       {options(LockMode::shared), options(LockMode::exclusive), inspection}) {
    intruded = false;
    reopen(hook);
    if (how.mode == LockMode::exclusive && !how.reads_first) {
      EXPECT_THAT([&] { lock(how); }, test::throws_errc(Errc::locked));
    } else {
      const std::stop_source stop;
      const auto held = lock(how, stop);
      EXPECT_THAT([&] { held->confirm(); }, test::throws_errc(Errc::locked));
      EXPECT_THAT([&] { held->confirm(); }, test::throws_errc(Errc::locked));
      EXPECT_TRUE(wait_until([&] { return held->lost() && stop.stop_requested(); }));
    }
    ASSERT_THAT(locks(), SizeIs(1));
    EXPECT_EQ(locks()[0].id, intruder);
    store_.remove({.kind = FileKind::lock, .id = intruder});
  }
}

TEST_F(RepoLockTest, LooksAgainBeforeReadingWhenItTookLong) {
  const LockOptions how = options(LockMode::shared);
  bool intrude = true;
  reopen([&](test::Call call, const FileRef&) {
    if (call != test::Call::barrier) return;
    std::this_thread::sleep_for(how.timing.recheck);
    if (std::exchange(intrude, false)) put(other(true));
  });
  EXPECT_THAT([&] { lock(how); }, test::throws_errc(Errc::locked));
  ASSERT_THAT(locks(), SizeIs(1));  // the other's
  store_.remove({.kind = FileKind::lock, .id = locks()[0].id});
  lock(how)->confirm();
}

/// Gives what opening begins with at once, with the locks of that moment.
class EagerStore : public MemBackend {
 public:
  Opening load_opening() override { return {.locks = list(FileKind::lock)}; }
};

TEST_F(RepoLockTest, TakesTheLocksSeenAtOpeningForItsFirstLook) {
  EagerStore store;
  const auto first = test::create_in(store);
  const auto put_in_store = [&](bool exclusive) {
    return first->save_json(FileKind::lock, encode_lock_file(other(exclusive)));
  };
  const Id gone = put_in_store(true);
  unsigned saved = 0;
  repository_ = test::open_in(store, [&](test::Call call, const FileRef&) {
    if (call == test::Call::save) ++saved;
  });
  EXPECT_THAT([&] { lock(LockMode::shared); }, test::throws_errc(Errc::locked));
  EXPECT_EQ(saved, 0U);  // nobody was disturbed

  store.remove({.kind = FileKind::lock, .id = gone});
  lock(LockMode::shared)->confirm();

  repository_ = test::open_in(store, {});
  put_in_store(true);  // since then
  EXPECT_THAT([&] { lock(LockMode::shared); }, test::throws_errc(Errc::locked));
}

TEST_F(RepoLockTest, DoesNotWaitForTheSecondLookBeforeReading) {
  LockOptions how = options(LockMode::shared);
  how.timing.recheck = milliseconds(400);
  reopen([&](test::Call call, const FileRef&) {
    if (call == test::Call::barrier) std::this_thread::sleep_for(how.timing.recheck / 2);
  });
  const auto start = std::chrono::steady_clock::now();
  const auto held = lock(how);
  EXPECT_LT(std::chrono::steady_clock::now() - start, how.timing.recheck);
  held->confirm();
  EXPECT_GE(std::chrono::steady_clock::now() - start, how.timing.recheck);
}

TEST_F(RepoLockTest, CanBeReleasedBeforeTheSecondLook) {
  LockOptions how = options(LockMode::shared);
  how.timing.recheck = std::chrono::hours(1);
  lock(how).reset();
  EXPECT_THAT(locks(), SizeIs(0));
}

TEST_F(RepoLockTest, ClearsTheLockOfAProcessThatIsGone) {
  LockFile dead = other(true);
  dead.pid = ended_process();
  put(dead);
  const auto held = lock(LockMode::exclusive);
  EXPECT_TRUE(held->cleared_dead_lock());
  EXPECT_TRUE(held->alone());
  ASSERT_THAT(notices_, SizeIs(1));
  EXPECT_THAT(notices_[0], HasSubstr("PID " + std::to_string(dead.pid)));
}

TEST_F(RepoLockTest, ClearsALockFromBeforeThisComputerWasStarted) {
  if (other(true).machine_id.empty()) GTEST_SKIP() << "this computer has no machine id";
  LockFile before = other(true);
  before.boot_id = "another boot";
  before.time.instant.seconds = boot_time().seconds - 3600;
  put(before);
  const auto held = lock(LockMode::exclusive);
  EXPECT_TRUE(held->cleared_dead_lock());
  ASSERT_THAT(notices_, SizeIs(1));
}

TEST_F(RepoLockTest, GivesACloneOfThisComputerTimeToRefreshItsLock) {
  if (other(true).machine_id.empty()) GTEST_SKIP() << "this computer has no machine id";
  LockFile lock = other(true);
  lock.boot_id = "another boot";
  lock.time.instant.seconds = boot_time().seconds - 60;
  Timestamp now = lock.time.instant;
  now.seconds += 5 * 60 + 30;
  EXPECT_EQ(judge_owner(lock, now), LockOwner::went_down);
  now.seconds += 60;
  EXPECT_EQ(judge_owner(lock, now), LockOwner::ended);
  lock.time.instant.seconds = boot_time().seconds + 1;
  EXPECT_EQ(judge_owner(lock, now), LockOwner::may_live);
}

/// Goes on only when the test says so.
class SteppedClock : public Clock {
 public:
  [[nodiscard]] Timestamp now() const override { return {.seconds = seconds_}; }
  void advance(std::chrono::seconds by) { seconds_ += by.count(); }

 private:
  std::atomic<std::int64_t> seconds_ = system_clock().now().seconds;
};

class RepoLockClockTest : public testing::Test {
 protected:
  SteppedClock clock_;
  MemBackend store_;
  std::unique_ptr<Repository> repository_ =
      Repository::create(std::make_unique<test::Connection>(store_), Secret("password"),
                         {.version = 2, .polynomial = {}, .kdf = test::kFastKdf, .clock = clock_});
};

TEST_F(RepoLockClockTest, ALockIsRefreshedByTheRepositorysClock) {
  LockOptions how = options(LockMode::shared);
  how.timing.poll = milliseconds(5);
  const RepoLock held(*repository_, how, {}, std::stop_source());
  const Id first = test::only_file(store_, FileKind::lock);
  clock_.advance(std::chrono::minutes(6));
  EXPECT_TRUE(wait_until([&] {
    const std::vector<ListedFile> locks = store_.list(FileKind::lock);
    return locks.size() == 1 && locks[0].id != first;
  }));
  Buffer json;
  repository_->load_json({.kind = FileKind::lock, .id = test::only_file(store_, FileKind::lock)},
                         json);
  EXPECT_EQ(decode_lock_file(as_text(json.view())).time.instant, clock_.now());
}

TEST_F(RepoLockClockTest, ALockIsStaleByTheRepositorysClock) {
  LockFile elsewhere = make_lock(true, clock_);
  elsewhere.hostname = "elsewhere";
  repository_->save_json(FileKind::lock, encode_lock_file(elsewhere));
  clock_.advance(std::chrono::minutes(29));
  EXPECT_EQ(remove_locks(*repository_, false, {}), 0U);
  EXPECT_THAT([&] { RepoLock(*repository_, options(LockMode::shared), {}, std::stop_source()); },
              ThrowsMessage<Error>(HasSubstr("(29m ago)")));
  clock_.advance(std::chrono::minutes(2));
  EXPECT_EQ(remove_locks(*repository_, false, {}), 1U);
}

TEST_F(RepoLockTest, RespectsALockWhoseOwnerMayLive) {
  LockFile dead = other(true);
  dead.pid = ended_process();
  LockFile other_host = dead;
  other_host.hostname = "another-host";
  LockFile other_boot = dead;
  other_boot.boot_id = "another boot";
  LockFile other_namespace = dead;
  other_namespace.pid_namespace = "pid:[1]";
  LockFile other_machine = dead;
  other_machine.machine_id = "another machine";
  // A container may share the name of its host, and a process of it is not seen from here.
  LockFile restic = dead;
  restic.machine_id.clear();
  restic.boot_id.clear();
  restic.pid_namespace.clear();
  LockFile before_boot = restic;
  before_boot.time.instant.seconds = boot_time().seconds - 10;
  LockFile nameless_machine = other_boot;
  nameless_machine.machine_id.clear();
  nameless_machine.time.instant.seconds = boot_time().seconds - 3600;
  for (const LockFile& file : {other(true), other_host, other_boot, other_namespace, other_machine,
                               restic, before_boot, nameless_machine}) {
    const Id id = put(file);
    EXPECT_THAT([&] { lock(LockMode::shared); }, test::throws_errc(Errc::locked));
    EXPECT_THAT(locks(), SizeIs(1));
    store_.remove({.kind = FileKind::lock, .id = id});
  }
}

TEST_F(RepoLockTest, SaysThatAnUnseenProcessMayRunInAContainer) {
  LockFile restic = other(true);
  restic.pid = ended_process();
  restic.machine_id.clear();
  restic.boot_id.clear();
  restic.pid_namespace.clear();
  put(restic);
  EXPECT_THAT([&] { lock(LockMode::shared); }, ThrowsMessage<Error>(HasSubstr("container")));
}

TEST_F(RepoLockTest, IgnoresEmptyLockFiles) {
  store_.save({.kind = FileKind::lock, .id = {}}, Buffer());
  EXPECT_NO_THROW(lock(LockMode::exclusive));
}

TEST_F(RepoLockTest, NamesALockFileThatStaysUnreadable) {
  const Id id = put(other(false));
  test::damage(store_, {.kind = FileKind::lock, .id = id});
  unsigned loads = 0;
  reopen([&](test::Call call, const FileRef& file) {
    if (call == test::Call::load && file.kind == FileKind::lock) ++loads;
  });
  EXPECT_THAT([&] { lock(LockMode::shared); }, test::throws_errc(Errc::corrupt));
  EXPECT_EQ(loads, 4 * 2U);  // each attempt reads once more past the cache
  EXPECT_THAT([&] { lock(LockMode::shared); }, ThrowsMessage<Error>(HasSubstr(id.short_hex())));
  EXPECT_THAT([&] { lock(LockMode::shared); },
              ThrowsMessage<Error>(HasSubstr("medsave unlock --remove-all")));
}

TEST_F(RepoLockTest, WaitsForOthersWhenAskedTo) {
  auto first = lock(LockMode::exclusive);
  LockOptions patient = options(LockMode::exclusive);
  patient.retry = std::chrono::minutes(1);
  std::jthread release([&] {
    std::this_thread::sleep_for(milliseconds(60));
    first.reset();
  });
  EXPECT_NO_THROW(lock(patient));
  EXPECT_THAT(notices_, SizeIs(1));
}

TEST_F(RepoLockTest, CanBeInterruptedWhileWaiting) {
  const auto first = lock(LockMode::exclusive);
  LockOptions patient = options(LockMode::exclusive);
  patient.retry = std::chrono::minutes(10);
  patient.timing.first_retry = std::chrono::minutes(10);
  patient.timing.longest_retry = std::chrono::minutes(10);
  std::stop_source stop;
  std::jthread interrupter([&] {
    std::this_thread::sleep_for(milliseconds(30));
    stop.request_stop();
  });
  EXPECT_THROW(lock(patient, stop), Interrupted);
}

TEST_F(RepoLockTest, StaysInForceAfterAnInterruptionUntilReleased) {
  std::stop_source stop;
  const auto held = lock(restless(LockMode::shared), stop);
  held->confirm();
  stop.request_stop();
  EXPECT_THROW(held->confirm(), Interrupted);
  EXPECT_FALSE(held->lost());
  const Id before = locks().at(0).id;
  EXPECT_TRUE(wait_until([&] { return locks().size() == 1 && locks()[0].id != before; }));
}

TEST_F(RepoLockTest, IsRefreshedByANewFile) {
  const auto held = lock(restless(LockMode::exclusive));
  const Id before = locks().at(0).id;
  EXPECT_TRUE(wait_until([&] { return locks().size() == 1 && locks()[0].id != before; }));
  EXPECT_FALSE(held->lost());
}

TEST_F(RepoLockTest, SurvivesATimeWithoutItsRepository) {
  std::atomic<bool> away = false;
  reopen([&](test::Call, const FileRef&) {
    if (away) throw Error(Errc::io, "drive unplugged");
  });
  const auto held = lock(restless(LockMode::exclusive));
  const Id before = locks().at(0).id;
  away = true;
  std::this_thread::sleep_for(milliseconds(400));
  EXPECT_FALSE(held->lost());
  away = false;
  EXPECT_TRUE(wait_until([&] { return locks().size() == 1 && locks()[0].id != before; }));
  EXPECT_FALSE(held->lost());
  EXPECT_THAT(notices_, SizeIs(1));
}

TEST_F(RepoLockTest, IsLostWhenItWasRemovedMeanwhile) {
  std::atomic<bool> away = false;
  reopen([&](test::Call, const FileRef&) {
    if (away) throw Error(Errc::io, "drive unplugged");
  });
  const std::stop_source stop;
  const auto held = lock(restless(LockMode::exclusive), stop);
  away = true;
  std::this_thread::sleep_for(milliseconds(100));
  for (const ListedFile& file : locks()) store_.remove({.kind = FileKind::lock, .id = file.id});
  std::this_thread::sleep_for(milliseconds(200));
  away = false;
  EXPECT_TRUE(wait_until([&] { return held->lost(); }));
  EXPECT_TRUE(wait_until([&] { return stop.stop_requested(); }));
  EXPECT_THAT([&] { held->confirm(); }, test::throws_errc(Errc::locked));
  EXPECT_THAT(locks(), SizeIs(0));
}

TEST_F(RepoLockTest, IsLostWhenItsFileIsEmpty) {
  const auto held = lock({.mode = LockMode::shared});
  for (const ListedFile& file : locks()) {
    store_.remove({.kind = FileKind::lock, .id = file.id});
    store_.save({.kind = FileKind::lock, .id = file.id}, Buffer());
  }
  EXPECT_THAT([&] { held->confirm(); }, test::throws_errc(Errc::locked));
  EXPECT_TRUE(held->lost());
}

TEST_F(RepoLockTest, LeavesNoLockBehindWhateverCallFailsInTaking) {
  for (unsigned n = 1;; ++n) {
    SCOPED_TRACE(n);
    for (const ListedFile& file : locks()) store_.remove({.kind = FileKind::lock, .id = file.id});
    test::FailAt fail(n);
    bool taken = false;
    try {
      reopen(fail.hook());
      const auto held = lock(LockMode::exclusive);
      taken = true;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Errc::io);
      EXPECT_THAT(locks(), SizeIs(0));
    }
    if (taken) break;
  }
}

TEST_F(RepoLockTest, UnlockRemovesStaleLocksOnly) {
  LockFile old = other(false);
  old.hostname = "another-host";
  old.time.instant.seconds -= 31 * 60;
  LockFile dead = other(false);
  dead.pid = ended_process();
  LockFile before_reboot = other(false);
  before_reboot.boot_id = "another boot";
  LockFile young = other(false);
  young.hostname = "another-host";
  put(old);
  put(dead);
  put(before_reboot);
  put(young);
  put(other(false));
  EXPECT_EQ(remove_locks(*repository_, false, {}), 3U);
  EXPECT_THAT(locks(), SizeIs(2));
  EXPECT_EQ(remove_locks(*repository_, true, {}), 2U);
}

TEST_F(RepoLockTest, UnlockReportsWhatItCannotRead) {
  const Id id = put(other(false));
  test::damage(store_, {.kind = FileKind::lock, .id = id});
  std::vector<std::string> problems;
  const auto sink = [&](const std::string& text) { problems.push_back(text); };
  EXPECT_EQ(remove_locks(*repository_, false, sink), 0U);
  ASSERT_THAT(problems, SizeIs(1));
  EXPECT_THAT(problems[0], HasSubstr(id.short_hex()));
  EXPECT_EQ(remove_locks(*repository_, true, sink), 1U);
}

TEST_F(RepoLockTest, UnlockLeavesTheLockOfAnotherComputerOfTheSameName) {
  LockFile namesake = other(false);
  namesake.machine_id = "another machine";
  namesake.boot_id = "another boot";
  namesake.pid = ended_process();
  put(namesake);
  EXPECT_EQ(remove_locks(*repository_, false, {}), 0U);
  namesake.time.instant.seconds -= 31 * 60;
  put(namesake);
  EXPECT_EQ(remove_locks(*repository_, false, {}), 1U);
}

TEST_F(RepoLockTest, AnEmptyLockIsNoProblemAndGoesWithAll) {
  const FileRef empty{.kind = FileKind::lock, .id = repository_->key_id()};
  store_.save(empty, Buffer());
  std::vector<std::string> problems;
  const auto sink = [&](const std::string& text) { problems.push_back(text); };
  EXPECT_EQ(remove_locks(*repository_, false, sink), 0U);
  EXPECT_TRUE(store_.size(empty));
  EXPECT_EQ(remove_locks(*repository_, true, sink), 1U);
  EXPECT_FALSE(store_.size(empty));
  EXPECT_THAT(problems, SizeIs(0));
}

TEST(Unlock, DoesNotCountALockThatIsStillThere) {
  test::Undeleting store;
  const auto repository = test::create_in(store);
  const Id id = repository->save_json(FileKind::lock, "{}");
  std::vector<std::string> problems;
  EXPECT_EQ(remove_locks(*repository, true, [&](const auto& text) { problems.push_back(text); }),
            0U);
  ASSERT_THAT(problems, SizeIs(1));
  EXPECT_THAT(problems[0], HasSubstr(id.short_hex()));
}

TEST(DescribeLock, NamesOwnerAndAge) {
  const Timestamp now = system_clock().now();
  LockFile lock{.time = in_local_zone(now),
                .exclusive = true,
                .hostname = "praxis-pc",
                .username = "anna",
                .pid = 4711};
  lock.time.instant.seconds -= 12 * 60 + 5;
  const std::string text = describe_lock(lock, now);
  EXPECT_TRUE(text.starts_with("PID 4711 on praxis-pc by anna, created at 20")) << text;
  EXPECT_TRUE(text.ends_with("(12m ago), exclusive")) << text;
  lock.exclusive = false;
  lock.time.instant.seconds -= 3 * 24 * 3600;
  EXPECT_TRUE(describe_lock(lock, now).ends_with("(3d 0h ago)")) << describe_lock(lock, now);
}

}  // namespace
}  // namespace medsave
