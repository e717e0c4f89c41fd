#pragma once

#include "medsave/base/clock.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace medsave {

/// RFC 3339 with up to nine fraction digits (trailing zeros removed), in the local time zone of the
/// process with the offset valid at that instant; offset zero prints "Z". Years outside 0..9999 are
/// clamped. Caches the zone's current offset range, so it is cheap for runs of similar times; a
/// thread does not notice a change of TZ after its first time. Thread-safe. Source:
/// medsave-repository(5), "Times".
void append_time(std::string& out, const Timestamp& time);
std::string format_time(const Timestamp& time);

/// An instant as restic writes it, with the zone offset it was written in (forget buckets use the
/// wall clock of that offset).
struct ZonedTime {
  Timestamp instant = {};
  std::int32_t offset_seconds = 0;

  friend bool operator==(const ZonedTime&, const ZonedTime&) = default;
};

/// Any RFC 3339 offset, 0-9 fraction digits (more are cut). nullopt when malformed.
std::optional<ZonedTime> parse_time(std::string_view text);
/// Written back with the stored offset.
std::string format_zoned_time(const ZonedTime& time);
/// `instant` with the local offset valid at it.
ZonedTime in_local_zone(const Timestamp& instant);

/// "2006-01-02 15:04:05" or "2006-01-02" in local time, as `--time` takes it. nullopt if neither.
std::optional<Timestamp> parse_local_time(std::string_view text);
/// "2006-01-02 15:04:05" in local time, for lists shown to people.
std::string format_local_time(const Timestamp& time);
/// The same for sentences; in French "02/01/2006 à 15:04".
std::string tell_time(const Timestamp& time);
/// Likewise the day alone.
std::string tell_day(const Timestamp& time);

}  // namespace medsave
