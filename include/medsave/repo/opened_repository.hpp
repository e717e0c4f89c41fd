#pragma once

#include "medsave/backend/backend.hpp"
#include "medsave/base/progress.hpp"
#include "medsave/repo/repo_lock.hpp"
#include "medsave/repo/repository.hpp"

#include <functional>
#include <memory>
#include <stop_token>
#include <string>

namespace medsave {

/// A repository in use: its location, the Repository, its lock, and one stop token for everything
/// that is done with it. Several can be open at once. Each has its own token, so that the loss of
/// one's lock neither stops an operation on another nor ends its waiting for a server. stop() and
/// cancel() are thread-safe.
class OpenedRepository {
 public:
  /// Opens nothing yet: the caller opens the backend with stop(), and then calls set_repository().
  /// A stop of `program` stops this repository too.
  OpenedRepository(std::string location, const std::stop_token& program);
  OpenedRepository(const OpenedRepository&) = delete;
  OpenedRepository& operator=(const OpenedRepository&) = delete;

  [[nodiscard]] const std::string& location() const { return location_; }

  /// Stopped with the program, by cancel(), and when the lock is lost.
  [[nodiscard]] std::stop_token stop() const { return stop_.get_token(); }
  void cancel() { stop_.request_stop(); }

  void set_repository(std::unique_ptr<Repository> repository);
  [[nodiscard]] const Repository& repository() const { return *repository_; }

  /// Locks the repository until unlock() or the end of this object. Throws as RepoLock does, and
  /// Error(io) when the repository has become another one while this waited for others.
  void take_lock(const LockOptions& options, const NoticeSink& notice);
  void unlock() { lock_.reset(); }
  [[nodiscard]] RepoLock* lock() const { return lock_.get(); }  // nullptr without one
  /// After an interruption: throws the Error that says why, if it was the lock that was lost.
  void explain_lost_lock() const;

  /// What went over the line so far; nothing before set_repository().
  [[nodiscard]] Traffic traffic() const;

 private:
  std::string location_;
  std::stop_source stop_;
  std::stop_callback<std::function<void()>> on_program_stop_;
  std::unique_ptr<Repository> repository_;
  std::unique_ptr<RepoLock>
      lock_;  // declared after the repository, in which its destructor removes a file
};

}  // namespace medsave
