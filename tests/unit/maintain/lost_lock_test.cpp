// The own lock file goes at any moment, as `unlock` on another computer removes it, which then
// prunes. A run that no longer owns its lock publishes nothing and deletes nothing.
#include "every_engine.hpp"
#include "unit/repo/stores.hpp"

#include "medsave/prune/pruner.hpp"

#include <gtest/gtest.h>

#include <exception>
#include <map>
#include <thread>

namespace medsave {
namespace {

using test::Call;
using test::Engine;
using test::EngineStore;
using test::Session;

bool publishes(Call call, const FileRef& file) {
  const bool relied_on = file.kind == FileKind::snapshot || file.kind == FileKind::index ||
                         file.kind == FileKind::config;
  return call == Call::save && relied_on;
}
bool deletes(Call call, const FileRef& file) {
  return call == Call::remove && file.kind != FileKind::lock;
}

/// Removes all locks before the n-th call, after it where that call changes what others rely on:
/// nobody can look and act in one step. Then it watches what is still changed.
class LockLoser : public test::Connection {
 public:
  LockLoser(MemBackend& store, unsigned n, std::function<void()> others)
      : Connection(store), store_(store), n_(n), others_(std::move(others)) {}

  [[nodiscard]] unsigned connections() const override { return 1; }
  void arm() { armed_ = true; }
  [[nodiscard]] bool lost() const { return lost_at_ != 0; }
  [[nodiscard]] unsigned changes_after() const { return changes_after_; }

  void save(const FileRef& file, Buffer&& data) override {
    const Turn turn(*this, Call::save, file);
    Connection::save(file, std::move(data));
    if (file.kind == FileKind::snapshot) taken_back_ = file.id;
  }
  void barrier() override {
    const Turn turn(*this, Call::barrier, {});
    Connection::barrier();
  }
  void load(const FileRef& file, std::uint64_t limit, Buffer& out) override {
    const Turn turn(*this, Call::load, file);
    Connection::load(file, limit, out);
  }
  std::optional<std::uint64_t> size(const FileRef& file) override {
    const Turn turn(*this, Call::size, file);
    return Connection::size(file);
  }
  std::vector<ListedFile> list(FileKind kind) override {
    const Turn turn(*this, Call::list, {.kind = kind});
    return Connection::list(kind);
  }
  void remove(const FileRef& file) override {
    if (lost() && file.kind == FileKind::snapshot && file.id == taken_back_) {
      store_.remove(file);  // its own, which was not told saved
      return;
    }
    const Turn turn(*this, Call::remove, file);
    Connection::remove(file);
  }
  void replace_config(Buffer data) override {
    const Turn turn(*this, Call::save, {.kind = FileKind::config});
    store_.replace_config(std::move(data));
  }

 private:
  class Turn {
   public:
    Turn(LockLoser& loser, Call call, const FileRef& file)
        : loser_(loser), changes_(publishes(call, file) || deletes(call, file)) {
      const bool due = loser_.begin(changes_);
      if (due && !changes_) loser_.lose();
      due_later_ = due && changes_;
    }
    ~Turn() {
      if (due_later_) loser_.lose();
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    LockLoser& loser_;
    const bool changes_;
    bool due_later_ = false;
  };

  /// Counts a call. Whether the lock goes at this one.
  bool begin(bool changes) {
    if (!armed_) return false;
    const std::lock_guard guard(mutex_);
    const unsigned call = ++calls_;
    unsigned& last = last_call_[std::this_thread::get_id()];
    // Whoever looked for the lock before it went may still act once.
    if (changes && lost_at_ != 0 && last >= lost_at_) ++changes_after_;
    last = call;
    return call == n_;
  }
  void lose() {
    for (const ListedFile& lock : store_.list(FileKind::lock)) {
      store_.remove({.kind = FileKind::lock, .id = lock.id});
    }
    others_();
    lost_at_ = n_;
  }

  MemBackend& store_;
  Id taken_back_ = {};  // the last snapshot stored
  const unsigned n_;
  const std::function<void()> others_;
  std::mutex mutex_;  // guards last_call_
  std::map<std::thread::id, unsigned> last_call_;
  std::atomic<bool> armed_ = false;
  std::atomic<unsigned> calls_ = 0;
  std::atomic<unsigned> lost_at_ = 0;
  std::atomic<unsigned> changes_after_ = 0;
};

/// The lock is looked for at once; the thread that refreshes it does not help.
LockOptions distrustful(LockMode mode) {
  LockOptions options{.mode = mode};
  options.timing.recheck = std::chrono::milliseconds(1);
  options.timing.trust = std::chrono::milliseconds(0);
  options.timing.refresh = std::chrono::hours(1);
  options.timing.poll = std::chrono::hours(1);
  return options;
}

class LostLock : public testing::TestWithParam<Engine> {
 protected:
  /// What it ends with, if not well.
  static std::exception_ptr run(LockLoser& connection, std::unique_ptr<Backend> backend,
                                std::vector<Id>& reported) {
    const auto repository = test::RepoBuilder::open(std::move(backend));
    const std::stop_source stop;
    RepoLock lock(*repository, distrustful(GetParam().mode), {}, stop);
    lock.confirm();
    connection.arm();
    Session session{.repository = *repository, .lock = &lock, .stop = stop.get_token()};
    std::exception_ptr failure;
    try {
      GetParam().run(session);
    } catch (...) {
      failure = std::current_exception();
    }
    reported = session.reported;
    if (!failure || !lock.lost()) return failure;
    try {
      lock.confirm();  // as commands do, to say why
    } catch (...) {
      return std::current_exception();
    }
    return failure;
  }

  /// Calls look(store, connection, failure, reported) after each run, until the lock outlives one.
  template <typename Others, typename Look>
  void sweep(EngineStore& original, const Others& others, const Look& look) {
    for (unsigned n = 1; !HasFailure(); ++n) {
      SCOPED_TRACE(testing::Message() << "lost at call " << n);
      MemBackend store;
      test::copy_store(original.store(), store);
      LockLoser connection(store, n, [&] { others(store); });
      std::vector<Id> reported;
      // The repository owns its backend; this one passes on, with one connection.
      auto forward = std::make_unique<Forward>(connection);
      look(store, connection, run(connection, std::move(forward), reported), reported);
      if (!connection.lost()) return;
      ASSERT_LT(n, 1000U);
    }
  }

 private:
  class Forward : public test::Connection {
   public:
    explicit Forward(Backend& store) : Connection(store), store_(store) {}
    void replace_config(Buffer data) override { store_.replace_config(std::move(data)); }

   private:
    Backend& store_;
  };
};

TEST_P(LostLock, PublishesNothingAndDeletesNothingAfterwards) {
  EngineStore original(GetParam());
  sweep(
      original, [](MemBackend&) {},
      [&](MemBackend& left, const LockLoser& connection, const std::exception_ptr& failure,
          const std::vector<Id>& reported) {
        EXPECT_EQ(connection.changes_after(), 0U);
        if (failure) {
          EXPECT_THAT([&] { std::rethrow_exception(failure); }, test::throws_errc(Errc::locked));
        }
        original.expect_nothing_lost(left, reported);
      });
}

TEST_P(LostLock, AndAPruneElsewhereLeaveARepositoryThatIsSound) {
  EngineStore original(GetParam());
  const auto prune_elsewhere = [](MemBackend& store) {
    const auto repository = test::open_with_either_password(store);
    Progress progress;
    try {
      run_prune(*repository, {.options = {.max_unused = {.percent = 0}}}, {}, progress, {});
    } catch (const Error&) {  // there is an index file too few, for `repair index`
    }
  };
  if (GetParam().damaged_last) return;  // prune refuses
  sweep(original, prune_elsewhere,
        [&](MemBackend& left, const LockLoser&, const std::exception_ptr&,
            const std::vector<Id>& reported) { original.expect_nothing_lost(left, reported); });
}

INSTANTIATE_TEST_SUITE_P(Of, LostLock, testing::ValuesIn(test::every_engine()), test::engine_name);

}  // namespace
}  // namespace medsave
