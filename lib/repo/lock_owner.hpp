#pragma once

#include "medsave/base/clock.hpp"
#include "medsave/format/lock_file.hpp"

namespace medsave {

/// A lock file of this process, made now.
LockFile make_lock(bool exclusive, const Clock& clock = system_clock());

/// What this process can tell about the owner of a lock.
enum class LockOwner {
  may_live,  // nothing proves that it has ended
  /// Certainly ended: on this computer and boot no process has its number, or it ran in an earlier
  /// boot of this computer.
  ended,
  /// It ran in an earlier boot of this computer; but the lock is so recent that it may be that of a
  /// clone of this computer, which refreshes it. A few minutes later: `ended`.
  went_down,
};

/// Only locks that name this computer, and the boot and pid namespace of their owner, prove
/// anything: containers and cloned computers may have the same host name. So a lock of restic
/// always `may_live`.
LockOwner judge_owner(const LockFile& lock, const Timestamp& now);

/// Whether the lock names this host and a process that does not run here. No proof that it has
/// ended: it may run in a container, or on another host of this name.
bool seems_to_be_gone(const LockFile& lock);

/// What `unlock` removes: older than 30 minutes (owners refresh theirs every 5), or of a process
/// that does not run on this host, as restic judges it.
bool is_stale(const LockFile& lock, const Timestamp& now);

}  // namespace medsave
