#include "lock_owner.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/repo/repo_lock.hpp"
#include "medsave/sys/host.hpp"

#include <algorithm>
#include <cstdint>
#include <string>

namespace medsave {
namespace {

constexpr double kStaleSeconds = 30 * 60;

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

LockFile make_lock(bool exclusive) {
  return {.time = in_local_zone(system_clock().now()),
          .exclusive = exclusive,
          .hostname = host_name(),
          .username = user_name(),
          .pid = process_id(),
          .uid = user_id(),
          .gid = group_id(),
          .boot_id = boot_id(),
          .pid_namespace = pid_namespace()};
}

bool owner_is_proven_dead(const LockFile& lock) {
  if (!of_this_host(lock) || lock.pid <= 0) return false;
  if (lock.boot_id.empty() && lock.pid_namespace.empty()) {
    if (lock.time.instant <= boot_time()) return false;
  } else if (lock.boot_id != boot_id() || lock.pid_namespace != pid_namespace()) {
    return false;
  }
  return !process_exists(lock.pid);
}

bool is_stale(const LockFile& lock, const Timestamp& now) {
  if (seconds_between(lock.time.instant, now) > kStaleSeconds) return true;
  if (!of_this_host(lock)) return false;
  // The same name but another boot: that process went down with its kernel.
  if (!lock.boot_id.empty() && lock.boot_id != boot_id()) return true;
  if (!lock.pid_namespace.empty() && lock.pid_namespace != pid_namespace()) return false;
  return !process_exists(lock.pid);
}

std::string describe_lock(const LockFile& lock) {
  const double age = seconds_between(lock.time.instant, system_clock().now());
  return format_text(lock.exclusive ? _("PID {} on {} by {}, created at {} ({} ago), exclusive")
                                    : _("PID {} on {} by {}, created at {} ({} ago)"),
                     lock.pid, lock.hostname, lock.username, format_local_time(lock.time.instant),
                     format_age(std::max<std::int64_t>(0, static_cast<std::int64_t>(age))));
}

std::size_t remove_locks(const Repository& repository, bool all, const NoticeSink& problem) {
  Backend& backend = repository.backend();
  const Timestamp now = system_clock().now();
  std::size_t removed = 0;
  for (const ListedFile& listed : backend.list(FileKind::lock)) {
    const FileRef file{.kind = FileKind::lock, .id = listed.id};
    try {
      if (!all) {
        Buffer json;
        repository.load_json(file, json);
        if (!is_stale(decode_lock_file(as_text(json.view())), now)) continue;
      }
      backend.remove(file);
      ++removed;
    } catch (const Error& e) {
      if (e.code() != Errc::not_found && problem) problem(e.what());
    }
  }
  return removed;
}

}  // namespace medsave
