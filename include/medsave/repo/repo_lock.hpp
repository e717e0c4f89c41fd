#pragma once

#include <chrono>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "medsave/base/progress.hpp"
#include "medsave/format/lock_file.hpp"
#include "medsave/repo/repository.hpp"

namespace medsave {

enum class LockMode { shared, exclusive };

struct LockOptions {
  LockMode mode = LockMode::shared;
  std::chrono::nanoseconds retry = {};  // --retry-lock: how long to wait for others
};

/// A lock in the repository for as long as the object lives (repository format, "Locks").
/// Refreshed every 5 minutes by a thread of its own; when refreshing fails for 22.5 minutes and
/// the lock turns out to be gone, token() is stopped and lost() is true.
/// A lock of this host and boot whose process is gone is cleared, with a notice.
class RepoLock {
 public:
  /// Throws Error(locked) naming the owner and since when; Interrupted while waiting.
  RepoLock(const Repository& repository, const LockOptions& options, const NoticeSink& notice,
           const std::stop_token& stop);
  /// Removes the lock file, also after an interruption.
  ~RepoLock();
  RepoLock(const RepoLock&) = delete;
  RepoLock& operator=(const RepoLock&) = delete;

  /// Stopped when `stop` of the constructor is, or when the lock is lost.
  [[nodiscard]] std::stop_token token() const;
  [[nodiscard]] bool lost() const;
  /// Whether any other lock was there when this one was taken.
  [[nodiscard]] bool alone() const;
  /// Whether a dead owner's lock was cleared.
  [[nodiscard]] bool cleared_dead_lock() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Removes stale locks (older than 30 minutes, or of a process of this host that is gone), or all
/// of them. Returns how many.
std::size_t remove_locks(const Repository& repository, bool all, const NoticeSink& problem);

/// "PID 4711 on praxis-pc by anna, created at 2026-11-22 03:04:05 (12m ago), exclusive".
std::string describe_lock(const LockFile& lock);

}  // namespace medsave
