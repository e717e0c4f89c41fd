#include "medsave/repo/repo_lock.hpp"

#include "lock_list.hpp"
#include "lock_owner.hpp"
#include "moment.hpp"

#include "medsave/backend/guarded_backend.hpp"
#include "medsave/base/clock.hpp"
#include "medsave/base/error.hpp"
#include "medsave/base/sentences.hpp"
#include "medsave/base/text.hpp"
#include "medsave/base/thread.hpp"
#include "medsave/base/units.hpp"
#include "medsave/par/pause.hpp"
#include "medsave/sys/host.hpp"
#include "medsave/sys/signals.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>

namespace medsave {
namespace {

using SteadyClock = std::chrono::steady_clock;
using std::chrono::milliseconds;

FileRef lock_file(const Id& id) { return {.kind = FileKind::lock, .id = id}; }

Error removed_by_somebody() {
  return {Errc::locked, _("the lock of this run was removed by somebody else, so the run was "
                          "stopped; look for other programs that use the repository, then start "
                          "again")};
}

}  // namespace

struct RepoLock::State {
  State(const Repository& the_repository, const LockOptions& the_options, NoticeSink the_notice,
        std::stop_source the_stopper)
      : repository(the_repository),
        options(the_options),
        notice(std::move(the_notice)),
        stopper(std::move(the_stopper)),
        fresh(the_repository.clock()),
        seen(the_repository.clock()) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State();

  void acquire(const std::stop_token& stop);
  void take(const std::stop_token& stop);
  Id save_first_lock();
  bool go_without(const Error& why);
  void look(const std::stop_token& stop);
  void look_at(const std::vector<ListedFile>& listed, const std::stop_token& stop);
  [[nodiscard]] bool is_there(const Id& id) const;
  [[nodiscard]] bool is_listed(const Id& id) const;
  Id save_lock() const;
  [[nodiscard]] Moment now() const { return Moment(repository.clock()); }
  void remove_now(const Id& id) noexcept;
  void remove_at_forced_exit();

  void run(const std::stop_token& stop);
  void look_again(const std::stop_token& stop);
  void keep_fresh(const std::stop_token& stop);
  void refresh_if_due(const std::stop_token& stop, std::optional<Moment>& failed);
  void require_held();
  void take_late();
  bool refresh(const std::stop_token& stop);
  [[noreturn]] void lose();
  void tell(const std::string& message) const noexcept;
  void set_confirmed(std::exception_ptr why_not);
  void give_up(std::exception_ptr why);

  const Repository& repository;
  const LockOptions options;
  const NoticeSink notice;
  std::stop_source stopper;  // stops everything that is done with the repository

  SteadyClock::time_point own_visible;
  bool first = true;     // this is the first attempt to take the lock
  std::mutex own_mutex;  // guards own, fresh, seen, leftovers once the constructor has returned
  Id own;                // the lock file in force
  Moment fresh;          // when it was written
  Moment seen;           // when it was last known to be there
  std::vector<Id> leftovers;  // lock files of this object that could not be removed yet
  std::atomic<bool> lost = false;
  std::atomic<bool> alone = true;
  std::atomic<bool> cleared_dead = false;
  bool waited = false;  // written by the constructor

  std::mutex mutex;  // guards confirmed, failure
  std::condition_variable_any changed;
  bool confirmed = false;  // or refused: then failure says why
  std::exception_ptr failure;
  std::jthread thread;
  std::optional<OnForcedExit> forced_exit;  // set where `own` is
};

/// Runs after the operation has ended, also after an interruption: until then the lock was needed.
RepoLock::State::~State() {
  repository.writes().set({});
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
      if (e.code() != Errc::locked) throw;
      const std::string period = format_period(options.retry);
      if (SteadyClock::now() >= deadline) {
        if (options.retry.count() == 0) throw;
        throw Error(e.code(),
                    format_text(_("{0}; waiting for {1} did not help. Try again later, or run "
                                  "\"medsave unlock\" if nothing else uses the repository."),
                                without_stop(e.what()), period));
      }
      if (!told) tell(format_text(_("waiting up to {1}: {0}"), e.what(), period));
    }
    waited = true;
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
  fresh = now();  // taken before the file is written: others compute its age from the time in it
  try {
    own = save_first_lock();
  } catch (const Error& e) {
    if (!go_without(e)) throw;
    confirmed = true;  // no thread yet
    return;
  }
  seen = now();
  remove_at_forced_exit();
  own_visible = SteadyClock::now();
  // If our lock became visible soon enough after our first listing, an exclusive locker that was
  // not in that listing sees our lock in its own second listing, and gives up. Only then may
  // reading begin.
  const bool in_time = !early && own_visible - start < options.timing.recheck / 2;
  const bool may_read = options.mode == LockMode::shared || options.reads_first;
  try {
    if (may_read && options.retry.count() == 0) {
      // An exclusive locker that missed our lock wrote its own before ours was visible, so this
      // second listing shows it, unless it has been released already.
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

Id RepoLock::State::save_first_lock() {
  try {
    return save_lock();
  } catch (const Error& e) {
    const bool makes_room = options.unlockable == Unlockable::make_room;
    if (!makes_room || e.code() != Errc::no_space) throw;
    if (!repository.backend().give_up_reserve()) throw;
  }
  return save_lock();
}

/// In few words: no advice, as the command goes on.
std::string why_not_stored(const Error& why) {
  switch (why.code()) {
    case Errc::no_space:
      return _("the medium is full");
    case Errc::permission:
      return format_text(_("the user {} may not write there"), user_name());
    case Errc::read_only:
      return _("the medium is write-protected");
    default:
      return why.what();
  }
}

/// Whether this run may go on although its lock file could not be stored.
bool RepoLock::State::go_without(const Error& why) {
  const bool full = why.code() == Errc::no_space;
  if (options.unlockable == Unlockable::read_on) {
    const std::string reason = why_not_stored(why);
    tell(format_text(_("no lock could be stored ({}), so this command reads the repository without "
                       "one; let no other program prune it meanwhile"),
                     reason));
    return true;
  }
  if (options.unlockable != Unlockable::make_room || !full || !alone) return false;
  tell(
      _("the medium of the repository is full to the last byte, so that not even a lock can be "
        "stored; nobody else uses the repository now, and this command makes room without one: "
        "start no other meanwhile"));
  return true;
}

void RepoLock::State::look(const std::stop_token& stop) {
  look_at(repository.backend().list(FileKind::lock), stop);
}

void RepoLock::State::look_at(const std::vector<ListedFile>& listed, const std::stop_token& stop) {
  const OtherLocks others = look_at_locks(repository, listed, own, options, notice, stop);
  if (others.count != 0) alone = false;
  if (others.dead != 0) cleared_dead = true;
  if (others.conflict) {
    throw locked_by(*others.conflict, options.retry.count() != 0, repository.clock().now());
  }
  if (own == Id{} || others.own_is_listed || is_there(own)) return;
  throw Error(Errc::locked, format_text(_("the lock of this command is not at {} any more: another "
                                          "program has removed it, or the storage only said that "
                                          "it took it; nothing was changed"),
                                        repository.backend().location()));
}

/// Whether other programs see this lock: an empty file, which a crash of the storage can leave,
/// counts as none.
bool RepoLock::State::is_there(const Id& id) const {
  return repository.backend().size(lock_file(id)).value_or(0) != 0;
}

/// Some servers answer from memory that a file is there, even after another client has deleted it.
/// Their lists are right.
bool RepoLock::State::is_listed(const Id& id) const {
  const std::vector<ListedFile> locks = repository.backend().list(FileKind::lock);
  const auto found = std::ranges::find(locks, id, &ListedFile::id);
  // Not all lists tell sizes.
  return found != locks.end() && (found->size != 0 || is_there(id));
}

/// A new lock file, visible to others when this returns.
Id RepoLock::State::save_lock() const {
  const LockFile lock = make_lock(options.mode == LockMode::exclusive, repository.clock());
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
  } catch (...) {  // it becomes stale; `unlock` or the next run on this host removes it
  }
}

void RepoLock::State::remove_at_forced_exit() {
  forced_exit.emplace([this, id = own] { remove_now(id); });
}

void RepoLock::State::run(const std::stop_token& stop) {
  try {
    look_again(stop);
    if (!lost) keep_fresh(stop);
  } catch (const Interrupted&) {  // the lock is being released
  } catch (...) {
    give_up(std::current_exception());
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
    const std::lock_guard guard(own_mutex);
    remove_now(std::exchange(own, Id{}));
    give_up(std::current_exception());
  }
}

void RepoLock::State::keep_fresh(const std::stop_token& stop) {
  std::optional<Moment> failed;
  while (!lost) {
    pause_for(options.timing.poll, stop);
    refresh_if_due(stop, failed);
  }
}

void RepoLock::State::refresh_if_due(const std::stop_token& stop, std::optional<Moment>& failed) {
  const std::lock_guard guard(own_mutex);
  if (lost || own.is_zero() || fresh.age() < options.timing.refresh) return;
  if (failed && failed->age() < options.timing.refresh_again) return;
  try {
    if (!refresh(stop)) lose();
    failed.reset();
  } catch (const Error& e) {
    if (lost) return;
    if (!failed) {
      tell(
          format_text(_("the lock could not be refreshed: {}; trying on"), without_stop(e.what())));
    }
    failed = now();
  }
}

/// Called before something is published or deleted: others must still see the lock. The computer
/// may have been suspended since the last refresh, or a user may have removed the lock.
void RepoLock::State::require_held() {
  {
    std::unique_lock guard(mutex);
    changed.wait(guard, stopper.get_token(), [&] { return confirmed; });
    if (failure) std::rethrow_exception(failure);
    if (!confirmed) throw Interrupted();
  }
  const std::lock_guard guard(own_mutex);
  if (lost) throw removed_by_somebody();
  if (own.is_zero()) {
    if (options.unlockable != Unlockable::make_room) {
      throw Error(Errc::internal, _("a command that only reads must not write"));
    }
    take_late();
    return;
  }
  if (fresh.age() > options.timing.doubtful && !refresh({})) lose();
  if (seen.age() < options.timing.trust) return;
  if (!is_listed(own)) lose();
  seen = now();
}

/// This run began without a lock because the medium was full. There may be space for the lock by
/// now, and another process may have stored one.
void RepoLock::State::take_late() {
  const Moment begun = now();
  try {
    own = save_lock();
    fresh = begun;
    seen = now();
    remove_at_forced_exit();
  } catch (const Error& e) {
    if (e.code() != Errc::no_space) throw;
  }
  try {
    look({});
  } catch (...) {
    if (!own.is_zero()) remove_now(std::exchange(own, Id{}));
    throw;
  }
}

void RepoLock::State::lose() {
  const Error why = removed_by_somebody();
  give_up(std::make_exception_ptr(why));
  throw why;
}

/// Replaces the lock file by one with the present time. False when the old one was removed
/// meanwhile: a new one would hide that somebody did not want the lock to hold.
bool RepoLock::State::refresh(const std::stop_token& stop) {
  Backend& backend = repository.backend();
  if (!is_listed(own)) return false;
  const Moment begun = now();
  const Id renewed = save_lock();
  const Moment visible = now();
  const auto still_there = [&] {
    pause_for(options.timing.recheck, stop);
    return is_listed(own);
  };
  try {
    if (!still_there()) {
      remove_now(renewed);
      return false;
    }
  } catch (...) {
    remove_now(renewed);
    throw;
  }
  leftovers.push_back(std::exchange(own, renewed));
  fresh = begun;
  seen = visible;
  remove_at_forced_exit();
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
  } catch (...) {  // a failure to show the message must not end the lock
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

/// `lost` is set before confirm() can throw, so that its caller finds the lock lost.
void RepoLock::State::give_up(std::exception_ptr why) {
  lost = true;
  set_confirmed(std::move(why));
  stopper.request_stop();
}

RepoLock::RepoLock(const Repository& repository, const LockOptions& options,
                   const NoticeSink& notice, const std::stop_source& stop)
    : state_(std::make_unique<State>(repository, options, notice, stop)) {
  state_->acquire(stop.get_token());
  State* state = state_.get();
  repository.writes().set([state] { state->require_held(); });
  state->thread = start_thread([state](const std::stop_token& token) { state->run(token); });
}

RepoLock::~RepoLock() = default;

void RepoLock::confirm() {
  State& state = *state_;
  std::unique_lock guard(state.mutex);
  state.changed.wait(guard, state.stopper.get_token(), [&] { return state.confirmed; });
  if (state.failure) std::rethrow_exception(state.failure);
  if (!state.confirmed || state.stopper.stop_requested()) throw Interrupted();
}

bool RepoLock::lost() const { return state_->lost; }

bool RepoLock::alone() const { return state_->alone; }

bool RepoLock::visible() const { return !id().is_zero(); }

Id RepoLock::id() const {
  const std::lock_guard guard(state_->own_mutex);
  return state_->own;
}

bool RepoLock::cleared_dead_lock() const { return state_->cleared_dead; }

bool RepoLock::waited() const { return state_->waited; }

}  // namespace medsave
