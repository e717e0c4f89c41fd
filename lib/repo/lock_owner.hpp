#pragma once

#include "medsave/base/clock.hpp"
#include "medsave/format/lock_file.hpp"

namespace medsave {

/// A lock file of this process, made now.
LockFile make_lock(bool exclusive);

/// What this process can tell about the owner of a lock.
enum class LockOwner {
  may_live,  // nothing proves that it has ended
  ended,     // certainly: no process of this computer and boot has its number, or it went down with
             // an earlier boot of this computer
  went_down,  // with an earlier boot of this computer, unless this is a clone of it and the other
              // one has refreshed its lock within the last minutes; `ended` a little later
};

/// Only locks that name this computer, and the boot and pid namespace of their owner, can be
/// judged: containers and cloned computers may share all of a host's name, so a lock of restic
/// always `may_live`.
LockOwner judge_owner(const LockFile& lock, const Timestamp& now);

/// Whether the lock names this host and a process that does not run here. No proof that it has
/// ended: it may run in a container, or on another host of this name.
bool seems_to_be_gone(const LockFile& lock);

/// What `unlock` removes: older than 30 minutes (owners refresh theirs every 5), or of a process
/// that does not run on this host, as restic judges it.
bool is_stale(const LockFile& lock, const Timestamp& now);

}  // namespace medsave
