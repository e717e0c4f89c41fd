#include "medsave/base/units.hpp"

#include "medsave/base/grammar.hpp"
#include "medsave/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

namespace medsave {
namespace {

constexpr std::uint64_t kLargest = std::numeric_limits<std::int64_t>::max();

bool is_digit(char c) { return c >= '0' && c <= '9'; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// value * factor + more, unless that exceeds 63 bits.
std::optional<std::uint64_t> scaled(std::uint64_t value, std::uint64_t factor,
                                    std::uint64_t more = 0) {
  if (more > kLargest || value > (kLargest - more) / factor) return std::nullopt;
  return value * factor + more;
}

/// Takes the digits at the start of `text` off it.
std::optional<std::uint64_t> take_number(std::string_view& text) {
  std::uint64_t value = 0;
  while (!text.empty() && is_digit(text.front())) {
    const auto next = scaled(value, 10, static_cast<std::uint64_t>(text.front() - '0'));
    if (!next) return std::nullopt;
    value = *next;
    text.remove_prefix(1);
  }
  return value;
}

/// Go reads ".25" of a unit from the fraction's digits alone; digits below a nanosecond are cut.
std::uint64_t take_fraction(std::string_view& text, std::uint64_t unit) {
  double place = static_cast<double>(unit);
  double sum = 0;
  while (!text.empty() && is_digit(text.front())) {
    place /= 10;
    sum += place * static_cast<double>(text.front() - '0');
    text.remove_prefix(1);
  }
  return static_cast<std::uint64_t>(sum + 1e-6);  // 0.3 s is 299999999.99… in binary
}

/// Nanoseconds of the unit at the start of `text`, which is taken off; 0 for an unknown one.
std::uint64_t take_time_unit(std::string_view& text) {
  // Longer names first: "ms" begins like "m".
  static constexpr std::array<std::pair<std::string_view, std::uint64_t>, 8> kUnits = {{
      {"ns", 1},
      {"us", 1'000},
      {"\u00b5s", 1'000},
      {"\u03bcs", 1'000},
      {"ms", 1'000'000},
      {"s", 1'000'000'000},
      {"m", 60'000'000'000},
      {"h", 3'600'000'000'000},
  }};
  for (const auto& unit : kUnits) {
    if (!text.starts_with(unit.first)) continue;
    text.remove_prefix(unit.first.size());
    return unit.second;
  }
  return 0;
}

}  // namespace

std::optional<std::uint64_t> parse_size(std::string_view text) {
  if (text.empty() || !is_digit(text.front())) return std::nullopt;
  const auto number = take_number(text);
  if (!number) return std::nullopt;
  std::uint64_t factor = 1;
  if (!text.empty()) {
    const std::size_t power = std::string_view("kmgt").find(lower(text.front()));
    if (power != std::string_view::npos) {
      factor = std::uint64_t{1} << (10 * (power + 1));
      text.remove_prefix(1);
      if (text.size() == 2 && lower(text.front()) == 'i') text.remove_prefix(1);
      if (text == "i" || text == "I") return std::nullopt;
    }
  }
  if (!text.empty() && text != "b" && text != "B") return std::nullopt;
  return scaled(*number, factor);
}

namespace {

// A size and its unit stay on one line.
constexpr std::string_view kFrenchSpace = "\u00a0";

}  // namespace

std::string format_decimal(double value, int decimals) {
  std::string text = fmt::format("{:.{}f}", value, decimals);
  if (in_french()) std::ranges::replace(text, '.', ',');
  return text;
}

std::string format_percent(double percent, int decimals) {
  std::string text = format_decimal(percent, decimals);
  if (in_french()) text += kFrenchSpace;
  return text + "%";
}

std::string format_size(std::uint64_t bytes) {
  static constexpr std::string_view kPrefixes = "TGMK";
  const bool french = in_french();
  const std::string_view space = french ? kFrenchSpace : " ";
  const char unit = french ? 'o' : 'B';
  unsigned shift = 40;
  for (const char prefix : kPrefixes) {
    const std::uint64_t one = std::uint64_t{1} << shift;
    if (bytes >= one) {
      const double value = static_cast<double>(bytes) / static_cast<double>(one);
      return fmt::format("{}{}{}i{}", format_decimal(value, french ? 1 : 3), space, prefix, unit);
    }
    shift -= 10;
  }
  return fmt::format("{}{}{}", bytes, space, unit);
}

std::string format_duration(std::chrono::seconds duration) {
  const auto total = duration.count() < 0 ? 0 : duration.count();
  const auto hours = total / 3600;
  const auto minutes = total / 60 % 60;
  const auto seconds = total % 60;
  if (hours > 0) return fmt::format("{}:{:02}:{:02}", hours, minutes, seconds);
  return fmt::format("{}:{:02}", minutes, seconds);
}

std::optional<std::chrono::nanoseconds> parse_go_duration(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  if (text == "0") return std::chrono::nanoseconds(0);
  if (text.empty()) return std::nullopt;
  std::uint64_t total = 0;
  while (!text.empty()) {
    const bool has_whole = is_digit(text.front());
    const auto whole = take_number(text);
    if (!whole) return std::nullopt;
    std::string_view fraction;
    if (text.starts_with('.')) {
      text.remove_prefix(1);
      std::size_t digits = 0;
      while (digits < text.size() && is_digit(text[digits])) ++digits;
      fraction = text.substr(0, digits);
      text.remove_prefix(digits);
    }
    if (!has_whole && fraction.empty()) return std::nullopt;
    const std::uint64_t unit = take_time_unit(text);
    if (unit == 0) return std::nullopt;
    const auto part = scaled(*whole, unit, take_fraction(fraction, unit));
    const auto sum = part ? scaled(total, 1, *part) : std::nullopt;
    if (!sum) return std::nullopt;
    total = *sum;
  }
  return std::chrono::nanoseconds(static_cast<std::int64_t>(total));
}

namespace {

std::string french_period(std::int64_t seconds) {
  std::string text;
  const auto add = [&text](std::int64_t count, std::string_view unit) {
    if (count == 0) return;
    text += fmt::format("{}{}{}{}", text.empty() ? "" : kFrenchSpace, count, kFrenchSpace, unit);
  };
  add(seconds / 3600, "h");
  add(seconds / 60 % 60, "min");
  add(seconds % 60, "s");
  return text.empty() ? fmt::format("0{}s", kFrenchSpace) : text;
}

}  // namespace

std::string format_period(std::chrono::nanoseconds duration) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(duration).count();
  if (in_french()) return french_period(seconds);
  if (seconds < 60) return fmt::format("{}s", seconds);
  if (seconds < 3600) return fmt::format("{}m{}s", seconds / 60, seconds % 60);
  return fmt::format("{}h{}m{}s", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

}  // namespace medsave
