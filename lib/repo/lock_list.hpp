#pragma once

#include "medsave/base/error.hpp"
#include "medsave/base/progress.hpp"
#include "medsave/format/lock_file.hpp"
#include "medsave/repo/repo_lock.hpp"

#include <optional>
#include <stop_token>
#include <vector>

namespace medsave {

/// The result of listing and reading the locks of a repository.
struct OtherLocks {
  bool own_is_listed = false;
  std::size_t count = 0;                  // of locks that are in force
  std::size_t dead = 0;                   // of ended processes, removed
  std::optional<LockFile> conflict = {};  // one that excludes the wanted mode
};

/// Reads all `listed` locks but `own`. Those of processes that have ended are removed, with a
/// notice. Unreadable ones are tried again; throws Error(corrupt) naming the file when that does
/// not help.
OtherLocks look_at_locks(const Repository& repository, const std::vector<ListedFile>& listed,
                         const Id& own, const LockOptions& options, const NoticeSink& notice,
                         const std::stop_token& stop);

/// Error(locked) naming the owner, with what to do about it unless the command `waits` for him.
/// `now` is the time by the repository's clock.
Error locked_by(const LockFile& lock, bool waits, const Timestamp& now);

}  // namespace medsave
