#include "medsave/json/json_reader.hpp"

#include "medsave/base/bytes.hpp"
#include "medsave/base/encoding.hpp"
#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace medsave {

namespace {

enum CharClass : std::uint8_t { plain, ends_run };

/// What ends a run of a string's literal ASCII: quote, backslash, controls, non-ASCII.
constexpr std::array<CharClass, 256> kStringClass = [] {
  std::array<CharClass, 256> classes = {};
  for (std::size_t c = 0; c < classes.size(); ++c) {
    classes[c] = c < 0x20 || c >= 0x80 || c == '"' || c == '\\' ? ends_run : plain;
  }
  return classes;
}();

constexpr std::uint8_t kNoDigit = 0xff;

constexpr std::array<std::uint8_t, 256> kHexValues = [] {
  std::array<std::uint8_t, 256> values = {};
  values.fill(kNoDigit);
  for (std::size_t i = 0; i < 10; ++i) values['0' + i] = static_cast<std::uint8_t>(i);
  for (std::size_t i = 0; i < 6; ++i) {
    values['a' + i] = static_cast<std::uint8_t>(10 + i);
    values['A' + i] = static_cast<std::uint8_t>(10 + i);
  }
  return values;
}();

std::uint8_t hex_value(char c) { return kHexValues[static_cast<unsigned char>(c)]; }

bool is_digit(char c) { return c >= '0' && c <= '9'; }

const char* skip_plain(const char* p, const char* end) {
  while (p != end && kStringClass[static_cast<unsigned char>(*p)] == plain) ++p;
  return p;
}

std::string_view between(const char* begin, const char* end) {
  return {begin, static_cast<std::size_t>(end - begin)};
}

}  // namespace

void throw_missing_field(std::string_view key) {
  throw Error(Errc::corrupt, format_text(_("JSON field \"{}\" is missing"), key));
}

void JsonReader::fail() const {
  throw Error(Errc::corrupt, format_text(_("malformed JSON at byte {}"), p_ - begin_));
}

void JsonReader::bad_value() const {
  throw Error(Errc::corrupt, format_text(_("unusable value in JSON at byte {}"), p_ - begin_));
}

void JsonReader::skip_space() {
  while (p_ != end_ && (*p_ == ' ' || *p_ == '\n' || *p_ == '\t' || *p_ == '\r')) ++p_;
}

char JsonReader::peek() {
  skip_space();
  if (p_ == end_) fail();
  return *p_;
}

void JsonReader::expect(char c) {
  if (peek() != c) fail();
  ++p_;
}

void JsonReader::enter_object() {
  expect('{');
  first_ = true;
}

void JsonReader::enter_array() {
  expect('[');
  first_ = true;
}

bool JsonReader::next_member() {
  if (peek() == '}') {
    ++p_;
    first_ = false;
    return false;
  }
  if (!first_) expect(',');
  first_ = false;
  skip_space();
  const char* start = p_;
  key_ = string_token();
  raw_key_ = between(start, p_);
  expect(':');
  return true;
}

bool JsonReader::next_element() {
  if (peek() == ']') {
    ++p_;
    first_ = false;
    return false;
  }
  if (!first_) expect(',');
  first_ = false;
  return true;
}

std::string_view JsonReader::string() { return string_token(); }

std::string_view JsonReader::string_token() {
  expect('"');
  const char* start = p_;
  for (;;) {
    p_ = skip_plain(p_, end_);
    if (p_ == end_) fail();
    if (*p_ == '"') {
      const std::string_view token = between(start, p_);
      ++p_;
      return token;
    }
    if (*p_ == '\\') return escaped_string(start);
    const std::size_t length = utf8_sequence(between(p_, end_));
    if (length < 2) fail();  // a control character or no UTF-8
    p_ += length;
  }
}

std::string_view JsonReader::escaped_string(const char* start) {
  scratch_.assign(start, p_);
  for (;;) {
    const char* run = p_;
    p_ = skip_plain(p_, end_);
    scratch_.append(run, p_);
    if (p_ == end_) fail();
    if (*p_ == '"') {
      ++p_;
      return scratch_;
    }
    if (*p_ == '\\') {
      ++p_;
      append_escape();
      continue;
    }
    const std::size_t length = utf8_sequence(between(p_, end_));
    if (length < 2) fail();
    scratch_.append(p_, length);
    p_ += length;
  }
}

void JsonReader::append_escape() {
  if (p_ == end_) fail();
  const char c = *p_++;
  switch (c) {
    case '"':
    case '\\':
    case '/':
      scratch_ += c;
      return;
    case 'b':
      scratch_ += '\b';
      return;
    case 'f':
      scratch_ += '\f';
      return;
    case 'n':
      scratch_ += '\n';
      return;
    case 'r':
      scratch_ += '\r';
      return;
    case 't':
      scratch_ += '\t';
      return;
    case 'u':
      break;
    default:
      --p_;
      fail();
  }
  constexpr char32_t kReplacement = 0xfffd;
  char32_t code_point = hex4();
  if (code_point >= 0xd800 && code_point <= 0xdfff) {
    const bool high = code_point < 0xdc00;
    const char* const after_first = p_;
    char32_t low = 0;
    if (high && end_ - p_ >= 2 && p_[0] == '\\' && p_[1] == 'u') {
      p_ += 2;
      low = hex4();
    }
    if (low >= 0xdc00 && low <= 0xdfff) {
      code_point = 0x10000 + ((code_point - 0xd800) << 10U) + (low - 0xdc00);
    } else {
      p_ = after_first;  // what follows is a character of its own
      code_point = kReplacement;
    }
  }
  append_utf8(scratch_, code_point);
}

std::uint32_t JsonReader::hex4() {
  if (end_ - p_ < 4) fail();
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i, ++p_) {
    const std::uint8_t digit = hex_value(*p_);
    if (digit == kNoDigit) fail();
    value = value << 4U | digit;
  }
  return value;
}

bool JsonReader::take_minus() {
  if (peek() != '-') return false;
  ++p_;
  if (p_ == end_ || !is_digit(*p_)) fail();
  return true;
}

std::uint64_t JsonReader::digits(std::uint64_t limit) {
  if (!is_digit(peek())) fail();
  std::uint64_t value = 0;
  if (*p_ == '0') {
    ++p_;
  } else {
    while (p_ != end_ && is_digit(*p_)) {
      const auto digit = static_cast<std::uint64_t>(*p_ - '0');
      if (value > (limit - digit) / 10) bad_value();
      value = value * 10 + digit;
      ++p_;
    }
  }
  // A fraction, an exponent or digits after a leading zero.
  if (p_ != end_ && (is_digit(*p_) || *p_ == '.' || *p_ == 'e' || *p_ == 'E')) bad_value();
  return value;
}

void JsonReader::literal(std::string_view word) {
  if (between(p_, end_).substr(0, word.size()) != word) fail();
  p_ += word.size();
}

bool JsonReader::boolean() {
  const bool value = peek() == 't';
  literal(value ? "true" : "false");
  return value;
}

bool JsonReader::take_null() {
  if (peek() != 'n') return false;
  literal("null");
  return true;
}

Id JsonReader::id() {
  constexpr std::ptrdiff_t kDigits = 2 * Id::kSize;
  expect('"');
  if (end_ - p_ <= kDigits || p_[kDigits] != '"') bad_value();
  Id id;
  unsigned bad = 0;
  const char* p = p_;
  for (std::byte& byte : id.bytes()) {
    const unsigned high = hex_value(p[0]);
    const unsigned low = hex_value(p[1]);
    bad |= high | low;  // kNoDigit has bits that no digit has
    byte = static_cast<std::byte>(high << 4U | low);
    p += 2;
  }
  if (bad > 0x0f) bad_value();
  p_ += kDigits + 1;
  return id;
}

std::string JsonReader::base64() {
  const std::optional<Buffer> raw = from_base64(string_token());
  if (!raw) bad_value();
  return std::string(as_text(raw->view()));
}

std::string_view JsonReader::skip() {
  peek();
  const char* start = p_;
  skip_value(0);
  return between(start, p_);
}

std::string_view JsonReader::raw_object() {
  if (peek() != '{') bad_value();
  return skip();
}

void JsonReader::skip_number() {
  const auto skip_digits = [this] {
    if (p_ == end_ || !is_digit(*p_)) fail();
    while (p_ != end_ && is_digit(*p_)) ++p_;
  };
  if (*p_ == '-') ++p_;
  if (p_ != end_ && *p_ == '0') {
    ++p_;
  } else {
    skip_digits();
  }
  if (p_ != end_ && *p_ == '.') {
    ++p_;
    skip_digits();
  }
  if (p_ != end_ && (*p_ == 'e' || *p_ == 'E')) {
    ++p_;
    if (p_ != end_ && (*p_ == '+' || *p_ == '-')) ++p_;
    skip_digits();
  }
}

void JsonReader::skip_value(int depth) {
  if (depth > kMaxDepth) fail();
  switch (peek()) {
    case '{':
      enter_object();
      while (next_member()) skip_value(depth + 1);
      return;
    case '[':
      enter_array();
      while (next_element()) skip_value(depth + 1);
      return;
    case '"':
      string_token();
      return;
    case 't':
      return literal("true");
    case 'f':
      return literal("false");
    case 'n':
      return literal("null");
    default:
      skip_number();
  }
}

bool is_json_name(std::string_view key, std::string_view name) {
  return std::ranges::equal(key, name, [](char a, char b) {
    return a == b || (a >= 'A' && a <= 'Z' && a + ('a' - 'A') == b);
  });
}

void JsonReader::finish() {
  skip_space();
  if (p_ != end_) fail();
}

}  // namespace medsave
