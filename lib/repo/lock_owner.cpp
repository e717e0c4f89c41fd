#include "lock_owner.hpp"

#include "medsave/crypto/sha256.hpp"
#include "medsave/sys/host.hpp"

#include <string>

namespace medsave {
namespace {

constexpr double kStaleSeconds = 30 * 60;
// Living owners refresh their locks every five minutes.
constexpr double kRefreshedSeconds = 6 * 60;

/// Everybody who has the password can read the lock file, and should not learn the machine's own
/// id.
std::string hashed_machine_id() {
  const std::string id = machine_id();
  if (id.empty()) return {};
  constexpr std::size_t kDigits = 32;
  return sha256(as_bytes("medsave lock " + id)).hex().substr(0, kDigits);
}

bool of_this_host(const LockFile& lock) {
  return !lock.hostname.empty() && lock.hostname == host_name();
}

}  // namespace

LockFile make_lock(bool exclusive, const Clock& clock) {
  return {.time = in_local_zone(clock.now()),
          .exclusive = exclusive,
          .hostname = host_name(),
          .username = user_name(),
          .pid = process_id(),
          .uid = user_id(),
          .gid = group_id(),
          .machine_id = hashed_machine_id(),
          .boot_id = boot_id(),
          .pid_namespace = pid_namespace()};
}

LockOwner judge_owner(const LockFile& lock, const Timestamp& now) {
  if (!of_this_host(lock) || lock.pid <= 0) return LockOwner::may_live;
  if (lock.boot_id.empty() || lock.pid_namespace.empty()) return LockOwner::may_live;
  if (lock.machine_id != hashed_machine_id()) return LockOwner::may_live;
  if (lock.boot_id == boot_id()) {
    if (lock.pid_namespace != pid_namespace()) return LockOwner::may_live;
    return process_exists(lock.pid) ? LockOwner::may_live : LockOwner::ended;
  }
  // Without a machine id, another boot id may also be that of another computer. One case remains in
  // which the lock of a living process is removed: this computer is a clone with the same machine
  // id, and the other one's clock is behind by more than the time since this one was started. The
  // owner notices that before it publishes or deletes anything more, and ends. Waiting until a lock
  // has not changed for longer than a refresh takes would exclude this, but would keep every
  // computer from backing up for minutes after a power cut.
  if (lock.machine_id.empty() || lock.time.instant >= boot_time()) return LockOwner::may_live;
  return seconds_between(lock.time.instant, now) > kRefreshedSeconds ? LockOwner::ended
                                                                     : LockOwner::went_down;
}

bool seems_to_be_gone(const LockFile& lock) {
  return of_this_host(lock) && lock.pid > 0 && !process_exists(lock.pid);
}

bool is_stale(const LockFile& lock, const Timestamp& now) {
  if (seconds_between(lock.time.instant, now) > kStaleSeconds) return true;
  if (!of_this_host(lock)) return false;
  // Another computer with the same name: nothing is known about its processes.
  if (!lock.machine_id.empty() && lock.machine_id != hashed_machine_id()) return false;
  // The same name but an earlier boot: the process ended with that.
  if (!lock.boot_id.empty() && lock.boot_id != boot_id()) return true;
  if (!lock.pid_namespace.empty() && lock.pid_namespace != pid_namespace()) return false;
  return !process_exists(lock.pid);
}

}  // namespace medsave
