#include "medsave/format/time_text.hpp"

#include "local_zone.hpp"

#include "medsave/base/grammar.hpp"
#include "medsave/base/system.hpp"

#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <ctime>

namespace medsave {

namespace {

constexpr std::int64_t kDay = 86400;

constexpr std::int64_t seconds_of(std::chrono::year_month_day date) {
  return std::chrono::sys_days(date).time_since_epoch().count() * kDay;
}

constexpr std::int64_t kYear0 = seconds_of(std::chrono::year(0) / 1 / 1);
constexpr std::int64_t kYear10000 = seconds_of(std::chrono::year(10000) / 1 / 1);
/// The calendar repeats after 400 years, week days included.
constexpr std::int64_t kCycle = 146097 * kDay;

struct WallClock {
  int year = 0;
  unsigned month = 1;
  unsigned day = 1;
  unsigned second_of_day = 0;
};

/// `local`: seconds since the epoch plus the zone's offset, at most a day outside years 0..9999.
WallClock wall_clock(std::int64_t local) {
  const std::int64_t days = (local >= 0 ? local : local - (kDay - 1)) / kDay;
  const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(days))};
  return {static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
          static_cast<unsigned>(date.day()), static_cast<unsigned>(local - days * kDay)};
}

std::int64_t local_seconds(const WallClock& wall) {
  const std::chrono::year_month_day date(
      std::chrono::year(wall.year), std::chrono::month(wall.month), std::chrono::day(wall.day));
  return seconds_of(date) + wall.second_of_day;
}

/// Years 0..9999 can be written; a time outside keeps all but its year.
ZonedTime clamp_year(const Timestamp& time) {
  std::int64_t seconds = time.seconds;
  int year = 0;
  if (seconds >= kYear10000 - kDay) {
    seconds = kYear10000 - kCycle + (seconds - kYear10000) % kCycle;
    year = 9999;
  } else {
    seconds = kYear0 + kCycle - 1 + (seconds + 1 - kYear0) % kCycle;
  }
  const std::int32_t offset = local_offset(seconds);
  WallClock wall = wall_clock(seconds + offset);
  wall.year = year;
  if (year == 9999 && wall.month == 2 && wall.day == 29) {
    wall.month = 3;
    wall.day = 1;
  }
  const std::int64_t local = local_seconds(wall);
  const std::int32_t new_offset = local_offset(local - offset);
  return {{local - new_offset, time.nanoseconds}, new_offset};
}

char* put2(char* p, unsigned value) {
  p[0] = static_cast<char>('0' + value / 10);
  p[1] = static_cast<char>('0' + value % 10);
  return p + 2;
}

char* put_date_and_time(char* p, const WallClock& wall, char separator) {
  const auto year = static_cast<unsigned>(wall.year);
  p = put2(p, year / 100);
  p = put2(p, year % 100);
  *p++ = '-';
  p = put2(p, wall.month);
  *p++ = '-';
  p = put2(p, wall.day);
  *p++ = separator;
  p = put2(p, wall.second_of_day / 3600);
  *p++ = ':';
  p = put2(p, wall.second_of_day / 60 % 60);
  *p++ = ':';
  return put2(p, wall.second_of_day % 60);
}

char* put_fraction(char* p, std::uint32_t nanoseconds) {
  if (nanoseconds == 0) return p;
  *p++ = '.';
  for (int i = 8; i >= 0; --i) {
    p[i] = static_cast<char>('0' + nanoseconds % 10);
    nanoseconds /= 10;
  }
  p += 9;
  while (p[-1] == '0') --p;
  return p;
}

char* put_offset(char* p, std::int32_t offset) {
  if (offset == 0) {
    *p++ = 'Z';
    return p;
  }
  const std::int32_t minutes = offset / 60;  // cut towards zero; less than a minute reads +00:00
  *p++ = minutes < 0 ? '-' : '+';
  const auto magnitude = static_cast<unsigned>(minutes < 0 ? -minutes : minutes);
  p = put2(p, magnitude / 60);
  *p++ = ':';
  return put2(p, magnitude % 60);
}

void append_zoned(std::string& out, const Timestamp& instant, std::int32_t offset) {
  std::array<char, 40> text;  // 2006-01-02T15:04:05.999999999+07:00 has 35
  char* p = put_date_and_time(text.data(), wall_clock(instant.seconds + offset), 'T');
  p = put_fraction(p, instant.nanoseconds);
  p = put_offset(p, offset);
  out.append(text.data(), p);
}

/// Reads fixed-width fields from the front of a text.
class Fields {
 public:
  explicit Fields(std::string_view text) : p_(text.data()), end_(p_ + text.size()) {}

  [[nodiscard]] bool at_end() const { return p_ == end_; }
  bool take(char c) {
    if (p_ == end_ || *p_ != c) return false;
    ++p_;
    return true;
  }
  /// Exactly `count` digits with a value of at most `max`.
  bool number(int count, unsigned max, unsigned& value) {
    if (end_ - p_ < count) return false;
    value = 0;
    for (int i = 0; i < count; ++i) {
      const auto digit = static_cast<unsigned>(p_[i]) - '0';
      if (digit > 9) return false;
      value = value * 10 + digit;
    }
    p_ += count;
    return value <= max;
  }
  bool fraction(std::uint32_t& nanoseconds) {
    std::uint32_t unit = 100'000'000;
    const char* const start = p_;
    for (; p_ != end_ && *p_ >= '0' && *p_ <= '9'; ++p_) {
      nanoseconds += static_cast<std::uint32_t>(*p_ - '0') * unit;
      unit /= 10;  // zero from the tenth digit on
    }
    return p_ != start;
  }
  bool date(WallClock& wall) {
    unsigned year = 0;
    if (!number(4, 9999, year) || !take('-') || !number(2, 12, wall.month) || !take('-') ||
        !number(2, 31, wall.day)) {
      return false;
    }
    wall.year = static_cast<int>(year);
    return std::chrono::year_month_day(std::chrono::year(wall.year), std::chrono::month(wall.month),
                                       std::chrono::day(wall.day))
        .ok();
  }
  /// With `short_hours` an hour may have one digit.
  bool time_of_day(WallClock& wall, bool short_hours = false) {
    unsigned hour = 0;
    unsigned minute = 0;
    unsigned second = 0;
    const int digits = short_hours && end_ - p_ > 1 && p_[1] == ':' ? 1 : 2;
    if (!number(digits, 23, hour) || !take(':') || !number(2, 59, minute) || !take(':') ||
        !number(2, 59, second)) {
      return false;
    }
    wall.second_of_day = hour * 3600 + minute * 60 + second;
    return true;
  }
  bool offset(std::int32_t& seconds) {
    if (take('Z')) return true;
    const bool negative = take('-');
    unsigned hours = 0;
    unsigned minutes = 0;
    if ((!negative && !take('+')) || !number(2, 23, hours) || !take(':') ||
        !number(2, 59, minutes)) {
      return false;
    }
    seconds = static_cast<std::int32_t>(hours * 3600 + minutes * 60);
    if (negative) seconds = -seconds;
    return true;
  }

 private:
  const char* p_;
  const char* end_;
};

}  // namespace

ZonedTime in_local_zone(const Timestamp& instant) {
  // A day inside the bounds the year of the wall clock is known to be good in every zone.
  if (instant.seconds < kYear0 + kDay || instant.seconds >= kYear10000 - kDay) {
    if (instant.seconds < kYear0 - kDay || instant.seconds >= kYear10000 + kDay) {
      return clamp_year(instant);
    }
    const std::int32_t offset = local_offset(instant.seconds);
    const std::int64_t local = instant.seconds + offset;
    if (local < kYear0 || local >= kYear10000) return clamp_year(instant);
    return {instant, offset};
  }
  return {instant, local_offset(instant.seconds)};
}

void append_time(std::string& out, const Timestamp& time) {
  const ZonedTime zoned = in_local_zone(time);
  append_zoned(out, zoned.instant, zoned.offset_seconds);
}

std::string format_time(const Timestamp& time) {
  std::string out;
  append_time(out, time);
  return out;
}

std::optional<ZonedTime> parse_time(std::string_view text) {
  Fields in(text);
  WallClock wall;
  ZonedTime time;
  if (!in.date(wall) || !in.take('T') || !in.time_of_day(wall, true)) return std::nullopt;
  if ((in.take('.') || in.take(',')) && !in.fraction(time.instant.nanoseconds)) return std::nullopt;
  if (!in.offset(time.offset_seconds) || !in.at_end()) return std::nullopt;
  time.instant.seconds = local_seconds(wall) - time.offset_seconds;
  return time;
}

std::string format_zoned_time(const ZonedTime& time) {
  // The text has offsets of whole minutes. With the wall clock of an offset that has seconds it
  // would mean another instant.
  std::int32_t offset = time.offset_seconds - time.offset_seconds % 60;
  const int year = wall_clock(time.instant.seconds + offset).year;
  if (year < 0 || year > 9999) offset = time.offset_seconds;
  std::string out;
  append_zoned(out, time.instant, offset);
  return out;
}

std::optional<Timestamp> parse_local_time(std::string_view text) {
  Fields in(text);
  WallClock wall;
  if (!in.date(wall)) return std::nullopt;
  if (!in.at_end() && (!in.take(' ') || !in.time_of_day(wall) || !in.at_end())) {
    return std::nullopt;
  }
  std::tm parts = {};
  parts.tm_year = wall.year - 1900;
  parts.tm_mon = static_cast<int>(wall.month) - 1;
  parts.tm_mday = static_cast<int>(wall.day);
  parts.tm_hour = static_cast<int>(wall.second_of_day / 3600);
  parts.tm_min = static_cast<int>(wall.second_of_day / 60 % 60);
  parts.tm_sec = static_cast<int>(wall.second_of_day % 60);
  const std::optional<std::int64_t> instant = instant_of_local_time(parts);
  if (!instant) return std::nullopt;
  return Timestamp{*instant, 0};
}

std::string format_local_time(const Timestamp& time) {
  const ZonedTime zoned = in_local_zone(time);
  std::array<char, 24> text;
  const char* const end =
      put_date_and_time(text.data(), wall_clock(zoned.instant.seconds + zoned.offset_seconds), ' ');
  return {text.data(), static_cast<std::size_t>(end - text.data())};
}

std::string tell_time(const Timestamp& time) {
  const std::string text = format_local_time(time);
  return in_french() ? tell_day(time) + " à " + text.substr(11, 5) : text;
}

std::string tell_day(const Timestamp& time) {
  const std::string day = format_local_time(time).substr(0, 10);
  if (!in_french()) return day;
  return day.substr(8) + "/" + day.substr(5, 2) + "/" + day.substr(0, 4);
}

}  // namespace medsave
