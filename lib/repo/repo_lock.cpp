#include "medsave/repo/repo_lock.hpp"

#include "lock_list.hpp"
#include "lock_owner.hpp"

#include "medsave/base/clock.hpp"
#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

namespace medsave {
namespace {

using SteadyClock = std::chrono::steady_clock;
using std::chrono::duration_cast;
using std::chrono::milliseconds;

FileRef lock_file(const Id& id) { return {.kind = FileKind::lock, .id = id}; }

/// A moment by both clocks: the steady one stands still while the machine is suspended, the wall
/// clock may be set.
struct Moment {
  SteadyClock::time_point steady = SteadyClock::now();
  Timestamp wall = system_clock().now();

  [[nodiscard]] milliseconds age() const {
    const auto seconds = std::chrono::duration<double>(seconds_between(wall, system_clock().now()));
    return std::max(duration_cast<milliseconds>(SteadyClock::now() - steady),
                    duration_cast<milliseconds>(seconds));
  }
};

}  // namespace

struct RepoLock::State {
  State(const Repository& the_repository, const LockOptions& the_options, NoticeSink the_notice,
        const std::stop_token& outer)
      : repository(the_repository),
        options(the_options),
        notice(std::move(the_notice)),
        on_outer_stop(outer, [this] { stopper.request_stop(); }) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State();

  void acquire(const std::stop_token& stop);
  void take(const std::stop_token& stop);
  void look(const std::stop_token& stop);
  void look_at(const std::vector<ListedFile>& listed, const std::stop_token& stop);
  Id save_lock() const;
  void remove_now(const Id& id) noexcept;

  void run(const std::stop_token& stop);
  void look_again(const std::stop_token& stop);
  void keep_fresh(const std::stop_token& stop);
  bool refresh(const std::stop_token& stop, bool doubtful);
  void tell(const std::string& message) const noexcept;
  void set_confirmed(std::exception_ptr why_not);
  void give_up();

  const Repository& repository;
  const LockOptions options;
  const NoticeSink notice;
  std::stop_source stopper;
  std::stop_callback<std::function<void()>> on_outer_stop;

  Id own;  // the lock file in force; only the constructor and the thread use it
  SteadyClock::time_point own_visible;
  bool first = true;          // try to take it
  std::vector<Id> leftovers;  // of ours, could not be removed yet
  std::atomic<bool> lost = false;
  std::atomic<bool> alone = true;
  std::atomic<bool> cleared_dead = false;

  std::mutex mutex;  // guards confirmed, failure
  std::condition_variable_any changed;
  bool confirmed = false;  // or refused: then failure says why
  std::exception_ptr failure;
  std::jthread thread;
};

/// The user's stop does not end the thread: the lock is needed until all is wound up.
RepoLock::State::~State() {
  if (thread.joinable()) {
    thread.request_stop();
    thread.join();
  }
  if (!own.is_zero()) remove_now(own);
  for (const Id& id : leftovers) remove_now(id);
}

/// Takes the lock, waiting for others as long as the options allow.
void RepoLock::State::acquire(const std::stop_token& stop) {
  const auto deadline = SteadyClock::now() + options.retry;
  milliseconds pause = options.timing.first_retry;
  for (bool told = false;; told = true) {
    try {
      take(stop);
      return;
    } catch (const Error& e) {
      if (e.code() != Errc::locked || SteadyClock::now() >= deadline) throw;
      if (!told) tell(format_text(_("waiting: {}"), e.what()));
    }
    const auto left = deadline - SteadyClock::now();
    pause_for(std::min<std::chrono::nanoseconds>(left, pause), stop);
    pause = std::min(2 * pause, options.timing.longest_retry);
  }
}

void RepoLock::State::take(const std::stop_token& stop) {
  alone = true;
  const auto start = SteadyClock::now();
  const bool early = repository.locks_at_opening() && first;
  first = false;
  if (early) {
    look_at(*repository.locks_at_opening(), stop);
  } else {
    look(stop);
  }
  own = save_lock();
  own_visible = SteadyClock::now();
  // An exclusive locker that came after our first look sees our lock at its second one, provided
  // that ours was there in time. Only then may reading begin.
  const bool in_time = !early && own_visible - start < options.timing.recheck / 2;
  const bool may_read = options.mode == LockMode::shared || options.reads_first;
  try {
    if (may_read && options.retry.count() == 0) {
      // One who has not seen ours took his so long ago that we see it, or has finished.
      if (!in_time) look(stop);
      return;
    }
    pause_for(options.timing.recheck, stop);
    look(stop);
  } catch (...) {
    remove_now(std::exchange(own, Id{}));
    throw;
  }
  confirmed = true;  // no thread yet
}

void RepoLock::State::look(const std::stop_token& stop) {
  look_at(repository.backend().list(FileKind::lock), stop);
}

void RepoLock::State::look_at(const std::vector<ListedFile>& listed, const std::stop_token& stop) {
  const OtherLocks others = look_at_locks(repository, listed, own, options, notice, stop);
  if (others.count != 0) alone = false;
  if (others.dead != 0) cleared_dead = true;
  if (others.conflict) throw locked_by(*others.conflict);
}

/// A new lock file, visible to others when this returns.
Id RepoLock::State::save_lock() const {
  const LockFile lock = make_lock(options.mode == LockMode::exclusive);
  const Id id = repository.save_json(FileKind::lock, encode_lock_file(lock));
  try {
    repository.backend().barrier();
  } catch (...) {
    try {
      repository.backend().remove(lock_file(id));
    } catch (...) {  // the barrier's failure is the one to report
    }
    throw;
  }
  return id;
}

void RepoLock::State::remove_now(const Id& id) noexcept {
  try {
    repository.backend().remove(lock_file(id));
  } catch (...) {  // it goes stale; `unlock` or the next run on this host removes it
  }
}

void RepoLock::State::run(const std::stop_token& stop) {
  try {
    look_again(stop);
    if (!lost) keep_fresh(stop);
  } catch (const Interrupted&) {  // the lock is being released
  } catch (...) {
    set_confirmed(std::current_exception());
    give_up();
  }
}

void RepoLock::State::look_again(const std::stop_token& stop) {
  {
    const std::lock_guard guard(mutex);
    if (confirmed) return;
  }
  try {
    pause_for(own_visible + options.timing.recheck - SteadyClock::now(), stop);
    look(stop);
    set_confirmed({});
  } catch (const Error&) {
    remove_now(std::exchange(own, Id{}));
    set_confirmed(std::current_exception());
    give_up();
  }
}

void RepoLock::State::keep_fresh(const std::stop_token& stop) {
  const LockTiming& timing = options.timing;
  Moment fresh;
  std::optional<Moment> failed;
  for (;;) {
    pause_for(timing.poll, stop);
    if (fresh.age() < timing.refresh) continue;
    if (failed && failed->age() < timing.refresh_again) continue;
    try {
      if (!refresh(stop, fresh.age() > timing.doubtful)) {
        set_confirmed(std::make_exception_ptr(
            Error(Errc::locked, _("the lock of this run was removed by somebody else, so the run "
                                  "was stopped; look for other programs that use the repository, "
                                  "then start again"))));
        give_up();
        return;
      }
      fresh = Moment();
      failed.reset();
    } catch (const Error& e) {
      if (!failed) tell(format_text(_("the lock could not be refreshed: {}; trying on"), e.what()));
      failed = Moment();
    }
  }
}

/// Replaces the lock file by one of now. A lock that is too old may have been judged stale and
/// removed meanwhile: false then.
bool RepoLock::State::refresh(const std::stop_token& stop, bool doubtful) {
  Backend& backend = repository.backend();
  if (doubtful && !backend.size(lock_file(own))) return false;
  const Id fresh = save_lock();
  if (doubtful) {
    const auto still_there = [&] {
      pause_for(options.timing.recheck, stop);
      return backend.size(lock_file(own)).has_value();
    };
    try {
      if (!still_there()) {
        remove_now(fresh);
        return false;
      }
    } catch (...) {
      remove_now(fresh);
      throw;
    }
  }
  leftovers.push_back(std::exchange(own, fresh));
  std::erase_if(leftovers, [&](const Id& id) {
    try {
      backend.remove(lock_file(id));
      return true;
    } catch (const Error&) {  // tried again at the next refresh
      return false;
    }
  });
  return true;
}

void RepoLock::State::tell(const std::string& message) const noexcept {
  try {
    if (notice) notice(message);
  } catch (...) {  // a display's trouble is not the lock's
  }
}

void RepoLock::State::set_confirmed(std::exception_ptr why_not) {
  {
    const std::lock_guard guard(mutex);
    confirmed = true;
    if (why_not && !failure) failure = std::move(why_not);
  }
  changed.notify_all();
}

void RepoLock::State::give_up() {
  lost = true;
  stopper.request_stop();
}

RepoLock::RepoLock(const Repository& repository, const LockOptions& options,
                   const NoticeSink& notice, const std::stop_token& stop)
    : state_(std::make_unique<State>(repository, options, notice, stop)) {
  state_->acquire(stop);
  State* state = state_.get();
  state->thread = std::jthread([state](const std::stop_token& token) { state->run(token); });
}

RepoLock::~RepoLock() = default;

void RepoLock::confirm() {
  State& state = *state_;
  std::unique_lock guard(state.mutex);
  state.changed.wait(guard, state.stopper.get_token(), [&] { return state.confirmed; });
  if (state.failure) std::rethrow_exception(state.failure);
  if (!state.confirmed || state.stopper.stop_requested()) throw Interrupted();
}

std::stop_token RepoLock::token() const { return state_->stopper.get_token(); }

bool RepoLock::lost() const { return state_->lost; }

bool RepoLock::alone() const { return state_->alone; }

bool RepoLock::cleared_dead_lock() const { return state_->cleared_dead; }

}  // namespace medsave
