#include "s3_time.hpp"

#include "medsave/base/text.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>

namespace medsave {
namespace {

struct UtcTime {
  std::chrono::year_month_day date;
  std::chrono::hh_mm_ss<std::chrono::seconds> time;
};

UtcTime utc(Timestamp instant) {
  const std::chrono::sys_seconds seconds{std::chrono::seconds(instant.seconds)};
  const auto day = std::chrono::floor<std::chrono::days>(seconds);
  return {.date = day, .time = std::chrono::hh_mm_ss<std::chrono::seconds>(seconds - day)};
}

std::string written(Timestamp instant, std::string_view pattern) {
  const UtcTime at = utc(instant);
  return format_text(pattern, static_cast<int>(at.date.year()),
                     static_cast<unsigned>(at.date.month()), static_cast<unsigned>(at.date.day()),
                     at.time.hours().count(), at.time.minutes().count(), at.time.seconds().count());
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Takes exactly `digits` digits and what must follow them off the front of `text`.
std::optional<unsigned> take_number(std::string_view& text, std::size_t digits, char next) {
  unsigned value = 0;
  if (text.size() <= digits || text[digits] != next) return std::nullopt;
  if (!std::ranges::all_of(text.substr(0, digits), is_digit)) return std::nullopt;
  std::from_chars(text.data(), text.data() + digits, value);
  text.remove_prefix(digits + 1);
  return value;
}

/// Whether `text` is a fraction's digits and a "Z".
bool ends_as_fraction(std::string_view text) {
  return text.size() >= 2 && text.ends_with('Z') &&
         std::ranges::all_of(text.substr(0, text.size() - 1), is_digit);
}

}  // namespace

std::string amz_date(Timestamp time) { return written(time, "{:04}{:02}{:02}T{:02}{:02}{:02}Z"); }

std::string iso_date(Timestamp time) {
  return written(time, "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z");
}

std::optional<Timestamp> parse_iso_date(std::string_view text) {
  const auto year = take_number(text, 4, '-');
  const auto month = take_number(text, 2, '-');
  const auto day = take_number(text, 2, 'T');
  const auto hour = take_number(text, 2, ':');
  const auto minute = take_number(text, 2, ':');
  const bool with_fraction = text.size() > 2 && text[2] == '.';
  const auto second = take_number(text, 2, with_fraction ? '.' : 'Z');
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  if (with_fraction ? !ends_as_fraction(text) : !text.empty()) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(*year)),
                                         std::chrono::month(*month), std::chrono::day(*day)};
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  const std::chrono::sys_seconds instant = std::chrono::sys_days(date) + std::chrono::hours(*hour) +
                                           std::chrono::minutes(*minute) +
                                           std::chrono::seconds(*second);
  return Timestamp{.seconds = instant.time_since_epoch().count()};
}

}  // namespace medsave
