#pragma once

#include "medsave/base/clock.hpp"
#include "medsave/format/lock_file.hpp"

namespace medsave {

/// A lock file of this process, made now.
LockFile make_lock(bool exclusive);

/// True only where it is certain that the owner has ended: this host, this boot, this pid
/// namespace, and no such process. A lock of restic has no boot or namespace; its time must be
/// after this kernel started.
bool owner_is_proven_dead(const LockFile& lock);

/// What `unlock` removes: older than 30 minutes (owners refresh theirs every 5), or of a process
/// that does not run on this host, as restic judges it.
bool is_stale(const LockFile& lock, const Timestamp& now);

}  // namespace medsave
