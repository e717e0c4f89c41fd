#pragma once

#include <cstdint>
#include <ctime>
#include <string>

namespace medsave {

/// A time zone as it is at one instant.
struct ZoneAt {
  std::int32_t offset = 0;  // seconds east of UTC
  std::string name = {};    // "CET"; empty where unknown
};
/// The process's time zone at an instant, in seconds since 1970. Slow.
ZoneAt local_zone_at(std::int64_t seconds);

/// Date and time of an instant in UTC; zeros for a year beyond an int.
std::tm utc_calendar(std::int64_t seconds);

}  // namespace medsave
