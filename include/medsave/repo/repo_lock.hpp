#pragma once

#include "medsave/base/progress.hpp"
#include "medsave/format/lock_file.hpp"
#include "medsave/repo/repository.hpp"

#include <chrono>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

namespace medsave {

/// Shared locks go together; an exclusive one stands alone.
enum class LockMode { shared, exclusive };

/// The protocol's waiting times; only tests have a reason to change them.
///
/// For the time `trust` after the lock file was seen it is taken to be there still, which saves a
/// request for each file on a slow connection. No program removes the lock of a living owner within
/// that time: locks are refreshed every few minutes, and renewed after `doubtful` before anything
/// else is done. Only `unlock --remove-all` does, which warns of that; an owner that notices a
/// second late is no worse off than one that had sent its request a second earlier.
struct LockTiming {
  std::chrono::milliseconds recheck =
      std::chrono::milliseconds(200);  // from writing the lock to listing the others again
  std::vector<std::chrono::milliseconds> unreadable = {
      std::chrono::seconds(5), std::chrono::seconds(10), std::chrono::seconds(20)};
  std::chrono::milliseconds refresh = std::chrono::minutes(5);
  std::chrono::milliseconds refresh_again = std::chrono::minutes(1);  // after a failure
  std::chrono::milliseconds doubtful = std::chrono::seconds(1350);    // age not to be trusted
  std::chrono::milliseconds trust =
      std::chrono::seconds(1);  // age of the last time the file was seen
  std::chrono::milliseconds poll = std::chrono::seconds(10);  // notices a suspend of the machine
  std::chrono::milliseconds first_retry = std::chrono::seconds(5);  // doubles
  std::chrono::milliseconds longest_retry = std::chrono::seconds(60);
};

/// What a run does when its lock file cannot be stored.
enum class Unlockable {
  refuse,
  /// Goes on without one, whatever the reason: it only reads. For restoring from a medium that is
  /// full, write-protected or failing.
  read_on,
  /// It makes room: on a full medium it uses the space kept for that, and goes on without a lock
  /// where that does not help and no other lock is there.
  make_room,
};

struct LockOptions {
  LockMode mode = LockMode::shared;
  Unlockable unlockable = Unlockable::refuse;
  bool reads_first = false;  // until confirm() returns, the holder of an exclusive lock only reads
  std::chrono::nanoseconds retry = {};  // --retry-lock: how long to wait for others
  LockTiming timing = {};
};

/// A lock in the repository for as long as the object lives (medsave-repository(5), "LOCKS"). By
/// the protocol a process lists the locks, writes its own, and lists the others a second time 200
/// ms later (the second look). An exclusive lock is held when the constructor returns; with a
/// shared one, or one that `reads_first`, the caller may read meanwhile, and the lock is held when
/// confirm() returns. Refreshed every 5 minutes by a thread of its own. While the object lives, it
/// is the condition for storing anything but packs and for deleting anything
/// (Repository::writes()): it waits for the second look, and asks the backend for the lock file
/// unless that was seen within the last second; after 22.5 minutes without a refresh, by either
/// clock, the lock is renewed first. When the file is gone, the lock is lost: this call and every
/// later one throws Error(locked). One lock at a time for each opened repository. The lock of
/// another process that has certainly ended is removed, with a notice.
class RepoLock {
 public:
  /// `stop` stops everything that is done with the repository. A stop also ends the waiting for
  /// others. The lock itself requests a stop when the second look finds a conflict (confirm() then
  /// says which) or when the lock is lost. Throws Error(locked) naming the owner and since when;
  /// Interrupted while waiting.
  RepoLock(const Repository& repository, const LockOptions& options, const NoticeSink& notice,
           const std::stop_source& stop);
  /// Removes the lock file, also after an interruption.
  ~RepoLock();
  RepoLock(const RepoLock&) = delete;
  RepoLock& operator=(const RepoLock&) = delete;

  /// Waits for the second look. Call before relying on what was read from the repository, and
  /// before storing there what others rely on; also tells why the lock was lost. Throws
  /// Error(locked) when a conflicting lock appeared or the own one was removed, corrupt/io when the
  /// locks could not be read, Interrupted. Cheap when done already. Thread-safe.
  void confirm();

  /// Whether the lock is gone or was given up; the operation must not go on.
  [[nodiscard]] bool lost() const;
  /// Whether no other lock was seen while this one was taken. Final after confirm().
  [[nodiscard]] bool alone() const;
  /// Whether others can see it: false only with an `unlockable` that allows to go on without, which
  /// a notice has told then.
  [[nodiscard]] bool visible() const;
  /// The lock file in force; zero where others cannot see it.
  [[nodiscard]] Id id() const;
  /// Whether a dead owner's lock was cleared.
  [[nodiscard]] bool cleared_dead_lock() const;
  /// Whether others had to finish before it was taken: what was read before may not be so any more.
  [[nodiscard]] bool waited() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace medsave
