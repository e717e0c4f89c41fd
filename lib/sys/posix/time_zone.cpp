#include "medsave/sys/time_zone.hpp"

#include <time.h>

namespace medsave {

ZoneAt local_zone_at(std::int64_t seconds) {
  const std::time_t instant = seconds;
  std::tm parts = {};
  ::localtime_r(&instant, &parts);
  return {.offset = static_cast<std::int32_t>(parts.tm_gmtoff),
          .name = parts.tm_zone != nullptr ? parts.tm_zone : ""};
}

std::tm utc_calendar(std::int64_t seconds) {
  const std::time_t instant = seconds;
  std::tm parts = {};
  ::gmtime_r(&instant, &parts);
  return parts;
}

}  // namespace medsave
