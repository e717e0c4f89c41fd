#include "config_values.hpp"

#include "table_reader.hpp"

#include "medsave/base/closest_name.hpp"
#include "medsave/base/encoding.hpp"
#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/remote/location.hpp"
#include "medsave/snap/path_filter.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <optional>

namespace medsave {
namespace {

constexpr std::size_t kLongestName = 64;       // characters
constexpr std::size_t kLongestTitle = 200;     // likewise
constexpr std::size_t kLongestFileName = 255;  // bytes, as file systems have it

[[noreturn]] void refuse(const char* code, std::string message) {
  throw BadValue{.code = code, .message = std::move(message)};
}

struct PeriodUnit {
  std::string_view name;
  std::chrono::seconds length;
};

constexpr std::array kPeriodUnits = {
    PeriodUnit{"s", std::chrono::seconds(1)},      PeriodUnit{"second", std::chrono::seconds(1)},
    PeriodUnit{"m", std::chrono::minutes(1)},      PeriodUnit{"min", std::chrono::minutes(1)},
    PeriodUnit{"minute", std::chrono::minutes(1)}, PeriodUnit{"h", std::chrono::hours(1)},
    PeriodUnit{"hour", std::chrono::hours(1)},     PeriodUnit{"d", std::chrono::days(1)},
    PeriodUnit{"day", std::chrono::days(1)},       PeriodUnit{"w", std::chrono::weeks(1)},
    PeriodUnit{"week", std::chrono::weeks(1)},     PeriodUnit{"month", std::chrono::months(1)},
    PeriodUnit{"year", std::chrono::years(1)},
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_small_letter(char c) { return c >= 'a' && c <= 'z'; }

/// What `is` holds for, taken off the beginning; spaces behind it, too.
template <typename Predicate>
std::string_view take(std::string_view& text, Predicate is) {
  const auto end = std::ranges::find_if_not(text, is);
  const std::string_view taken = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  text.remove_prefix(taken.size());
  while (text.starts_with(' ')) text.remove_prefix(1);
  return taken;
}

std::optional<std::chrono::seconds> unit_length(std::string_view name) {
  const auto* unit = std::ranges::find(kPeriodUnits, name, &PeriodUnit::name);
  if (unit == kPeriodUnits.end() && name.size() > 3 && name.ends_with('s')) {
    unit = std::ranges::find(kPeriodUnits, name.substr(0, name.size() - 1), &PeriodUnit::name);
  }
  if (unit == kPeriodUnits.end()) return std::nullopt;
  return unit->length;
}

std::optional<std::chrono::seconds> parse_period(std::string_view text) {
  constexpr std::size_t kMostDigits = 9;  // more would overflow with the largest unit
  if (text.empty()) return std::nullopt;
  std::chrono::seconds sum{0};
  while (!text.empty()) {
    const std::string_view digits = take(text, is_digit);
    const auto unit = unit_length(take(text, is_small_letter));
    if (digits.empty() || digits.size() > kMostDigits || !unit) return std::nullopt;
    int number = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), number);
    sum += number * *unit;
    if (sum > std::chrono::years(100)) return std::nullopt;
  }
  return sum;
}

/// Control characters, and those that are invisible or turn what follows them around.
bool is_unseen(char32_t c) {
  return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || (c >= 0x200b && c <= 0x200f) ||
         (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff;
}

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80; }));
}

bool has_unseen(std::string_view text) {
  char32_t c = 0;
  while (const std::size_t length = utf8_sequence(text, &c)) {
    if (is_unseen(c)) return true;
    text.remove_prefix(length);
  }
  return false;
}

/// What names and titles have in common.
void check_words(const std::string& text, std::size_t longest) {
  if (text.empty()) refuse("config_bad_name", _("a name must not be empty"));
  if (text.starts_with(' ') || text.ends_with(' ')) {
    refuse("config_bad_name", _("a name must not begin or end with a space"));
  }
  if (has_unseen(text)) {
    refuse("config_bad_name",
           _("a name must be one line, without control characters and invisible ones"));
  }
  if (const std::size_t length = characters(text); length > longest) {
    refuse("config_bad_name",
           format_text(_("a name has at most {} characters, this one has {}"), longest, length));
  }
}

[[noreturn]] void refuse_url() {
  // The address itself is a secret.
  refuse("config_bad_url",
         format_text(_("this is no address that can be pinged: write {}"), "https://HOST/PATH"));
}

}  // namespace

std::chrono::seconds read_period(const std::string& text, std::chrono::seconds least) {
  const auto period = parse_period(text);
  if (!period || *period < least) {
    refuse("config_bad_duration",
           format_text(_("\"{}\" is no duration that can be used here: write one like 5m, 36h, "
                         "30 days or 12 months"),
                       text));
  }
  return *period;
}

unsigned read_percent(const std::string& text) {
  unsigned number = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || std::string_view(stopped, end) != "%" || number > 100) {
    refuse("config_bad_percentage",
           format_text(_("\"{}\" is no percentage: write one from {} to {}"), text, "0%", "100%"));
  }
  return number;
}

std::size_t chosen_word(std::string_view key, const std::string& text,
                        const std::vector<std::string>& words) {
  const auto found = std::ranges::find(words, text);
  if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
  std::string message = format_text(_("\"{}\" cannot be \"{}\""), key, text);
  if (const std::string guess = closest_name(text, words); !guess.empty()) {
    message = with_semicolon(message, format_text(_("perhaps \"{}\" is meant"), guess));
  }
  refuse("config_unknown_value", format_text(_("{} (there are: {})"), message, listed(words)));
}

std::string read_path(const std::string& text, const std::string& home) {
  if (text.empty()) refuse("config_empty", _("a path must not be empty"));
  if (text.find('\0') != std::string::npos || has_unseen(text)) {
    refuse("config_bad_path", _("a path must not hold control characters"));
  }
  std::string path = text;
  if (text == "~" || text.starts_with("~/")) {
    if (home.empty()) {
      refuse(
          "config_bad_path",
          format_text(_("\"{}\": nobody's home folder is known here; write the whole path"), text));
    }
    path = home + text.substr(1);
  } else if (!text.starts_with('/')) {
    refuse("config_bad_path",
           format_text(_("\"{}\" must be a whole path, or begin with ~/"), text));
  }
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

void check_text(const std::string& text) {
  if (text.find('\0') != std::string::npos) {
    refuse("config_bad_text", _("a text must not hold NUL characters"));
  }
}

void check_name(const std::string& text) {
  check_words(text, kLongestName);
  constexpr std::string_view kNot = "/\\\"`";
  if (text.find_first_of(kNot) != std::string::npos) {
    refuse("config_bad_name", _("a name must not hold slashes, backslashes or quotation marks"));
  }
}

void check_title(const std::string& text) { check_words(text, kLongestTitle); }

void check_file_name(const std::string& text) {
  if (text.empty() || text == "." || text == ".." || text.size() > kLongestFileName ||
      text.find('/') != std::string::npos || has_unseen(text)) {
    refuse("config_bad_name",
           format_text(_("\"{}\" is no name of a file: it must not hold slashes or control "
                         "characters and has at most {} bytes"),
                       text, kLongestFileName));
  }
}

void check_relative_folder(const std::string& text) {
  const std::filesystem::path path(text);
  const bool climbs = std::ranges::any_of(
      path, [](const std::filesystem::path& part) { return part == ".." || part == "."; });
  if (text.empty() || path.is_absolute() || climbs || has_unseen(text)) {
    refuse("config_bad_path",
           format_text(_("\"{}\" must be a folder on the medium, without a slash "
                         "in front and without dots for folders"),
                       text));
  }
}

void check_pattern(const std::string& text) {
  check_text(text);
  try {
    PathFilter().add(text, false);
  } catch (const Error& e) {
    refuse("config_bad_pattern", e.what());
  }
}

void check_filesystem(const std::string& text) {
  const std::size_t equals = text.find('=');
  const std::string_view kind = std::string_view(text).substr(0, equals);
  if ((kind != "UUID" && kind != "LABEL") || equals + 1 >= text.size() || has_unseen(text)) {
    refuse("config_bad_filesystem",
           format_text(_("\"{}\" names no file system: write {} or {}, as lsblk -f shows them"),
                       text, "UUID=3F2A-11B0", "LABEL=LUNDI"));
  }
}

void check_remote(const std::string& text) {
  if (text.empty()) refuse("config_empty", _("the repository's location is empty"));
  check_text(text);
  if (local_folder(text)) {
    refuse("config_bad_location",
           _("this is a folder of this computer: it belongs into [[folder]], or [[medium]]"));
  }
  try {
    check_location(text);
  } catch (const Error& e) {
    refuse("config_bad_location", e.what());
  }
}

void check_ping(const std::string& text) {
  std::string_view rest = text;
  const bool secure = rest.starts_with("https://");
  if (!secure && !rest.starts_with("http://")) refuse_url();
  rest.remove_prefix(rest.find("//") + 2);
  const std::string_view host = rest.substr(0, rest.find_first_of("/:?#"));
  const bool plain = std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
  if (!plain || host.empty() || rest.starts_with('-')) refuse_url();
  if (!secure && host != "localhost" && host != "127.0.0.1") refuse_url();
}

void check_mail(const std::string& text) {
  const std::size_t at = text.find('@');
  const bool odd = std::ranges::any_of(text, [](char c) {
    return static_cast<unsigned char>(c) <= ' ' || c == '\x7f' || c == ',' || c == ';' ||
           c == '<' || c == '>';
  });
  // One that begins with a dash would be an option of sendmail.
  if (odd || text.starts_with('-') || at == 0 || at == std::string::npos || at + 1 == text.size() ||
      text.find('@', at + 1) != std::string::npos) {
    refuse("config_bad_mail", format_text(_("\"{}\" is no mail address"), text));
  }
}

}  // namespace medsave
