#include "lock_owner.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/crypto/sha256.hpp"
#include "medsave/repo/repo_lock.hpp"
#include "medsave/repo/second_look.hpp"
#include "medsave/sys/host.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

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

/// "45s", "12m", "3h 5m", "4d 1h".
std::string format_age(std::int64_t seconds) {
  constexpr std::int64_t kMinute = 60;
  constexpr std::int64_t kHour = 60 * kMinute;
  constexpr std::int64_t kDay = 24 * kHour;
  if (seconds < kMinute) return format_text(_("{}s"), seconds);
  if (seconds < kHour) return format_text(_("{}m"), seconds / kMinute);
  if (seconds < kDay) {
    return format_text(_("{}h {}m"), seconds / kHour, seconds % kHour / kMinute);
  }
  return format_text(_("{}d {}h"), seconds / kDay, seconds % kDay / kHour);
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

std::string describe_lock(const LockFile& lock) {
  const double age = seconds_between(lock.time.instant, system_clock().now());
  return format_text(lock.exclusive ? _("PID {} on {} by {}, created at {} ({} ago), exclusive")
                                    : _("PID {} on {} by {}, created at {} ({} ago)"),
                     lock.pid, lock.hostname, lock.username, format_local_time(lock.time.instant),
                     format_age(std::max<std::int64_t>(0, static_cast<std::int64_t>(age))),
                     lock.uid, lock.gid);  // which restic's words tell
}

std::size_t remove_locks(const Repository& repository, bool all, const NoticeSink& problem) {
  Backend& backend = repository.backend();
  const Timestamp now = system_clock().now();
  std::vector<Id> removed;
  for (const ListedFile& listed : backend.list(FileKind::lock)) {
    const FileRef file{.kind = FileKind::lock, .id = listed.id};
    if (listed.size == 0 && !all) continue;
    try {
      if (!all) {
        Buffer json;
        repository.load_json(file, json);
        if (!is_stale(decode_lock_file(as_text(json.view())), now)) continue;
      }
      backend.remove(file);
      removed.push_back(listed.id);
    } catch (const Error& e) {
      if (e.code() != Errc::not_found && problem) problem(e.what());
    }
  }
  const std::vector<Id> left = find_undeleted(repository, FileKind::lock, removed, {});
  for (const Id& id : left) {
    if (!problem) continue;
    problem(format_text(_("{} is still there although the storage said that it deleted it"),
                        describe({.kind = FileKind::lock, .id = id})));
  }
  return removed.size() - left.size();
}

}  // namespace medsave
