#include "http_text.hpp"

#include <charconv>
#include <system_error>

namespace medsave {
namespace {

constexpr std::string_view kWhiteSpace = " \t\r\n";

/// Where the scheme ends.
std::size_t after_scheme(std::string_view url) {
  const std::size_t scheme = url.find("://");
  return scheme == std::string_view::npos ? 0 : scheme + 3;
}

std::string_view host_of(std::string_view url) {
  std::string_view host = url.substr(after_scheme(url));
  host = host.substr(0, host.find_first_of("/?#"));
  if (const std::size_t at = host.rfind('@'); at != std::string_view::npos) {
    host.remove_prefix(at + 1);
  }
  return host;
}

}  // namespace

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kWhiteSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kWhiteSpace) - first + 1);
}

std::string printable(std::string_view text) {
  constexpr std::size_t kLongest = 200;
  std::string clean(trim(text.substr(0, kLongest)));
  for (char& c : clean) {
    if (c < ' ' || c > '~') c = '?';
  }
  return clean;
}

std::string server_of(std::string_view url) {
  std::string server(url.substr(0, after_scheme(url)));
  server += host_of(url);
  return server;
}

bool is_loopback(std::string_view url) {
  const std::string_view host = host_of(url);
  return host.starts_with("127.") || host.starts_with("[::1]") || host == "localhost" ||
         host.starts_with("localhost:");
}

namespace {

/// Takes a number from the front of `text`; false where none is there.
bool take_number(std::string_view& text, std::uint64_t& number) {
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return false;
  text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
  return true;
}

bool take_word(std::string_view& text, std::string_view word) {
  if (!text.starts_with(word)) return false;
  text.remove_prefix(word.size());
  return true;
}

}  // namespace

std::optional<ContentRange> parse_content_range(std::string_view header) {
  ContentRange range;
  std::string_view rest = header;
  if (!take_word(rest, "bytes ") || !take_number(rest, range.first) || !take_word(rest, "-") ||
      !take_number(rest, range.last) || !take_word(rest, "/")) {
    return std::nullopt;
  }
  if (rest == "*") return range;
  std::uint64_t whole = 0;
  if (!take_number(rest, whole) || !rest.empty()) return std::nullopt;
  range.whole = whole;
  return range;
}

bool is_part(std::string_view header, std::uint64_t offset, std::uint64_t length,
             std::uint64_t got) {
  if (header.empty()) return true;
  const std::optional<ContentRange> range = parse_content_range(header);
  if (!range || range->first != offset) return false;
  if (got == 0) return range->whole && *range->whole <= offset;  // rclone's way to say so
  if (range->last < range->first || range->last - range->first + 1 != got) return false;
  return got == length || (range->whole && *range->whole == offset + got);
}

}  // namespace medsave
