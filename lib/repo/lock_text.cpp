#include "medsave/repo/lock_text.hpp"

#include "medsave/base/clock.hpp"
#include "medsave/base/text.hpp"
#include "medsave/format/time_text.hpp"

#include <algorithm>
#include <cstdint>

namespace medsave {
namespace {

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

std::string describe_lock(const LockFile& lock, const Timestamp& now) {
  const double age = seconds_between(lock.time.instant, now);
  return format_text(lock.exclusive ? _("PID {} on {} by {}, created at {} ({} ago), exclusive")
                                    : _("PID {} on {} by {}, created at {} ({} ago)"),
                     lock.pid, lock.hostname, lock.username, tell_time(lock.time.instant),
                     format_age(std::max<std::int64_t>(0, static_cast<std::int64_t>(age))),
                     lock.uid, lock.gid);  // which restic's words tell
}

}  // namespace medsave
