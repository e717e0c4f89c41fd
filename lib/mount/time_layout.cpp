#include "time_layout.hpp"

#include "medsave/sys/time_zone.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <ctime>
#include <utility>

namespace medsave {
namespace {

constexpr std::array<const char*, 12> kMonths = {"January",   "February", "March",    "April",
                                                 "May",       "June",     "July",     "August",
                                                 "September", "October",  "November", "December"};
constexpr std::array<const char*, 7> kDays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                              "Thursday", "Friday", "Saturday"};
constexpr std::size_t kShortName = 3;

struct Moment {
  std::tm wall = {};
  std::uint32_t nanoseconds = 0;
  std::int32_t offset = 0;  // seconds east of Greenwich
  std::string zone = {};
};

/// How long the offset is written: +01, +0100, +01:00, +010000, +01:00:00; `zulu`: Z for zero.
std::string offset_text(const Moment& m, bool zulu, bool minutes, bool seconds, bool colons) {
  if (zulu && m.offset == 0) return "Z";
  const int total = std::abs(m.offset);
  const char* const colon = colons ? ":" : "";
  std::string out = fmt::format("{}{:02}", m.offset < 0 ? '-' : '+', total / 3600);
  if (minutes) out += fmt::format("{}{:02}", colon, total / 60 % 60);
  if (seconds) out += fmt::format("{}{:02}", colon, total % 60);
  return out;
}

int hour12(const Moment& m) { return m.wall.tm_hour % 12 == 0 ? 12 : m.wall.tm_hour % 12; }
const char* month(const Moment& m) { return kMonths.at(static_cast<std::size_t>(m.wall.tm_mon)); }
const char* day(const Moment& m) { return kDays.at(static_cast<std::size_t>(m.wall.tm_wday)); }
std::string two(int number) { return fmt::format("{:02}", number); }

/// A part of the moment as it stands in a layout. Where one begins like another, the longer is
/// listed first.
struct Part {
  std::string_view text;
  std::string (*write)(const Moment& m);
};
constexpr std::array kParts = std::to_array<Part>({
    {"January", [](const Moment& m) { return std::string(month(m)); }},
    {"Jan", [](const Moment& m) { return std::string(month(m), kShortName); }},
    {"Monday", [](const Moment& m) { return std::string(day(m)); }},
    {"Mon", [](const Moment& m) { return std::string(day(m), kShortName); }},
    {"MST", [](const Moment& m) { return m.zone; }},
    {"002", [](const Moment& m) { return fmt::format("{:03}", m.wall.tm_yday + 1); }},
    {"01", [](const Moment& m) { return two(m.wall.tm_mon + 1); }},
    {"02", [](const Moment& m) { return two(m.wall.tm_mday); }},
    {"03", [](const Moment& m) { return two(hour12(m)); }},
    {"04", [](const Moment& m) { return two(m.wall.tm_min); }},
    {"05", [](const Moment& m) { return two(m.wall.tm_sec); }},
    {"06", [](const Moment& m) { return two((m.wall.tm_year + 1900) % 100); }},
    {"15", [](const Moment& m) { return two(m.wall.tm_hour); }},
    {"1", [](const Moment& m) { return std::to_string(m.wall.tm_mon + 1); }},
    {"2006", [](const Moment& m) { return fmt::format("{:04}", m.wall.tm_year + 1900); }},
    {"2", [](const Moment& m) { return std::to_string(m.wall.tm_mday); }},
    {"__2", [](const Moment& m) { return fmt::format("{:3}", m.wall.tm_yday + 1); }},
    {"_2006", [](const Moment& m) { return fmt::format("_{:04}", m.wall.tm_year + 1900); }},
    {"_2", [](const Moment& m) { return fmt::format("{:2}", m.wall.tm_mday); }},
    {"3", [](const Moment& m) { return std::to_string(hour12(m)); }},
    {"4", [](const Moment& m) { return std::to_string(m.wall.tm_min); }},
    {"5", [](const Moment& m) { return std::to_string(m.wall.tm_sec); }},
    {"PM", [](const Moment& m) { return std::string(m.wall.tm_hour >= 12 ? "PM" : "AM"); }},
    {"pm", [](const Moment& m) { return std::string(m.wall.tm_hour >= 12 ? "pm" : "am"); }},
    {"-07:00:00", [](const Moment& m) { return offset_text(m, false, true, true, true); }},
    {"-07:00", [](const Moment& m) { return offset_text(m, false, true, false, true); }},
    {"-070000", [](const Moment& m) { return offset_text(m, false, true, true, false); }},
    {"-0700", [](const Moment& m) { return offset_text(m, false, true, false, false); }},
    {"-07", [](const Moment& m) { return offset_text(m, false, false, false, false); }},
    {"Z07:00:00", [](const Moment& m) { return offset_text(m, true, true, true, true); }},
    {"Z07:00", [](const Moment& m) { return offset_text(m, true, true, false, true); }},
    {"Z070000", [](const Moment& m) { return offset_text(m, true, true, true, false); }},
    {"Z0700", [](const Moment& m) { return offset_text(m, true, true, false, false); }},
    {"Z07", [](const Moment& m) { return offset_text(m, true, false, false, false); }},
});

bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

/// ".000" or ",999": length of the part, 0 if there is none at the start of `layout`.
std::size_t fraction_length(std::string_view layout) {
  if (layout.size() < 2 || (layout[0] != '.' && layout[0] != ',')) return 0;
  if (layout[1] != '0' && layout[1] != '9') return 0;
  const std::size_t end = std::min(layout.find_first_not_of(layout[1], 1), layout.size());
  return end < layout.size() && is_digit(layout[end]) ? 0 : end;
}

/// Digits as many as there are; nines drop the zeros at the end.
std::string fraction_text(std::string_view part, std::uint32_t nanoseconds) {
  std::string digits = fmt::format("{:09}", nanoseconds);
  digits.resize(part.size() - 1, '0');
  if (part[1] == '9') digits.resize(digits.find_last_not_of('0') + 1);
  return digits.empty() ? digits : part[0] + digits;
}

const Part* part_at(std::string_view layout) {
  const auto* const found = std::ranges::find_if(kParts, [&](const Part& part) {
    if (!layout.starts_with(part.text)) return false;
    // "Jan" and "Mon" are no parts of other words.
    const bool short_name = part.text == "Jan" || part.text == "Mon";
    return !short_name || layout.size() == kShortName ||
           std::islower(static_cast<unsigned char>(layout[kShortName])) == 0;
  });
  return found == kParts.end() ? nullptr : found;
}

Moment moment_of(const ZonedTime& time) {
  Moment out{.wall = utc_calendar(time.instant.seconds + time.offset_seconds),
             .nanoseconds = time.instant.nanoseconds,
             .offset = time.offset_seconds,
             .zone = {}};
  // Only the local zone has a name; another one is named by its offset.
  ZoneAt local = local_zone_at(time.instant.seconds);
  if (local.offset == time.offset_seconds && !local.name.empty()) {
    out.zone = std::move(local.name);
  } else {
    out.zone =
        out.offset == 0 ? "UTC" : offset_text(out, false, out.offset % 3600 != 0, false, false);
  }
  return out;
}

}  // namespace

std::string format_like(std::string_view layout, const ZonedTime& time) {
  const Moment moment = moment_of(time);
  std::string out;
  while (!layout.empty()) {
    std::size_t used = fraction_length(layout);
    if (used != 0) {
      out += fraction_text(layout.substr(0, used), moment.nanoseconds);
    } else if (const Part* part = part_at(layout)) {
      out += part->write(moment);
      used = part->text.size();
    } else {
      out += layout.front();
      used = 1;
    }
    layout.remove_prefix(used);
  }
  return out;
}

}  // namespace medsave
