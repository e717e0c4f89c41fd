#include "medsave/format/go_quote.hpp"

#include "go_printable.hpp"

#include "medsave/base/encoding.hpp"
#include "medsave/format/node.hpp"
#include "medsave/json/json_writer.hpp"

#include <algorithm>

namespace medsave {

namespace {

// The single-letter escapes, paired with what they stand for.
constexpr std::string_view kEscapeLetters = "abfnrtv\\\"";
constexpr std::string_view kEscapeValues = "\a\b\f\n\r\t\v\\\"";

void append_hex_escape(std::string& out, char letter, int digits, std::uint32_t value) {
  constexpr std::string_view kHexDigits = "0123456789abcdef";
  out += '\\';
  out += letter;
  for (int i = digits - 1; i >= 0; --i) out += kHexDigits[(value >> (4 * i)) & 15U];
}

void append_quoted_code_point(std::string& out, std::string_view utf8, char32_t code_point) {
  const std::size_t letter = code_point < 0x80 ? kEscapeValues.find(static_cast<char>(code_point))
                                               : std::string_view::npos;
  if (letter != std::string_view::npos) {
    out += '\\';
    out += kEscapeLetters[letter];
  } else if (go_printable(code_point)) {
    out += utf8;
  } else if (code_point < 0x20 || code_point == 0x7f) {
    append_hex_escape(out, 'x', 2, code_point);
  } else if (code_point < 0x10000) {
    append_hex_escape(out, 'u', 4, code_point);
  } else {
    append_hex_escape(out, 'U', 8, code_point);
  }
}

/// Takes `count` digits of `base` from the front of `text`.
std::optional<std::uint32_t> take_number(std::string_view& text, std::size_t count,
                                         std::uint32_t base) {
  if (text.size() < count) return std::nullopt;
  std::uint32_t value = 0;
  for (const char c : text.substr(0, count)) {
    std::uint32_t digit = 0;
    if (c >= '0' && c <= '9') {
      digit = static_cast<std::uint32_t>(c - '0');
    } else if (c >= 'a' && c <= 'f') {
      digit = static_cast<std::uint32_t>(c - 'a') + 10;
    } else if (c >= 'A' && c <= 'F') {
      digit = static_cast<std::uint32_t>(c - 'A') + 10;
    } else {
      return std::nullopt;
    }
    if (digit >= base) return std::nullopt;
    value = value * base + digit;  // at most eight hex digits: fits
  }
  text.remove_prefix(count);
  return value;
}

/// Undoes the escape at the front of `text`, which begins behind the backslash.
bool unquote_escape(std::string& out, std::string_view& text) {
  if (text.empty()) return false;
  const char letter = text.front();
  const std::size_t known = kEscapeLetters.find(letter);
  if (known != std::string_view::npos) {
    out += kEscapeValues[known];
    text.remove_prefix(1);
    return true;
  }
  if (letter >= '0' && letter <= '7') {
    const auto value = take_number(text, 3, 8);
    if (!value || *value > 0xff) return false;
    out += static_cast<char>(static_cast<unsigned char>(*value));
    return true;
  }
  text.remove_prefix(1);
  if (letter == 'x') {
    const auto value = take_number(text, 2, 16);
    if (!value) return false;
    out += static_cast<char>(static_cast<unsigned char>(*value));
    return true;
  }
  if (letter != 'u' && letter != 'U') return false;
  const auto value = take_number(text, letter == 'u' ? 4 : 8, 16);
  if (!value || *value > 0x10ffff || (*value >= 0xd800 && *value <= 0xdfff)) return false;
  append_utf8(out, *value);
  return true;
}

}  // namespace

void append_go_quoted(std::string& out, std::string_view raw) {
  while (!raw.empty()) {
    char32_t code_point = 0;
    const std::size_t length = utf8_sequence(raw, &code_point);
    if (length == 0) {
      append_hex_escape(out, 'x', 2, static_cast<unsigned char>(raw.front()));
      raw.remove_prefix(1);
    } else {
      append_quoted_code_point(out, raw.substr(0, length), code_point);
      raw.remove_prefix(length);
    }
  }
}

std::string go_quote(std::string_view raw) {
  if (needs_no_escape(raw)) return std::string(raw);
  std::string out;
  append_go_quoted(out, raw);
  return out;
}

std::optional<std::string> go_unquote(std::string_view quoted) {
  if (needs_no_escape(quoted)) return std::string(quoted);
  std::string out;
  while (!quoted.empty()) {
    const char c = quoted.front();
    if (c == '"' || c == '\n') return std::nullopt;
    if (c == '\\') {
      quoted.remove_prefix(1);
      if (!unquote_escape(out, quoted)) return std::nullopt;
      continue;
    }
    const std::size_t length = utf8_sequence(quoted);
    if (length == 0) {
      append_utf8(out, 0xfffd);  // Go reads it so, but never writes such a byte
      quoted.remove_prefix(1);
    } else {
      out += quoted.substr(0, length);
      quoted.remove_prefix(length);
    }
  }
  return out;
}

}  // namespace medsave
