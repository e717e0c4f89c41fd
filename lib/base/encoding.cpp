#include "medsave/base/encoding.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace medsave {
namespace {

constexpr std::string_view kBase64Digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t kNoDigit = 0xff;

constexpr std::array<std::uint8_t, 256> kBase64Values = [] {
  std::array<std::uint8_t, 256> values = {};
  values.fill(kNoDigit);
  for (std::size_t i = 0; i < kBase64Digits.size(); ++i) {
    values[static_cast<unsigned char>(kBase64Digits[i])] = static_cast<std::uint8_t>(i);
  }
  return values;
}();

std::uint32_t base64_value(char digit) { return kBase64Values[static_cast<unsigned char>(digit)]; }

std::uint32_t byte_at(std::string_view text, std::size_t i) {
  return static_cast<unsigned char>(text[i]);
}

}  // namespace

std::string to_hex(ByteView bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out(2 * bytes.size(), '\0');
  char* p = out.data();
  for (const std::byte b : bytes) {
    const auto v = std::to_integer<std::size_t>(b);
    *p++ = kDigits[v >> 4U];
    *p++ = kDigits[v & 15U];
  }
  return out;
}

std::string to_base64(ByteView bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = bytes.size() - i < 3 ? bytes.size() - i : 3;
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      group = (group << 8U) | (k < count ? std::to_integer<std::uint32_t>(bytes[i + k]) : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      out += k <= count ? kBase64Digits[(group >> (18U - 6U * k)) & 63U] : '=';
    }
  }
  return out;
}

std::optional<Buffer> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
  const std::size_t digits = text.size() - padding;
  Buffer out(text.size() / 4 * 3 - padding);
  std::byte* p = out.data();
  std::uint32_t group = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    const std::uint32_t value = base64_value(text[i]);
    if (value == kNoDigit) return std::nullopt;
    group = (group << 6U) | value;
    // After the 2nd, 3rd and 4th digit of a group 8 more bits are complete.
    const std::size_t place = i % 4;
    if (place == 0) continue;
    *p++ = static_cast<std::byte>((group >> (6U - 2U * place)) & 0xffU);  // NOLINT: never null
  }
  // The bits of the last digit that belong to no byte must be zero.
  if (padding != 0 && (group & ((1U << (2U * padding)) - 1U)) != 0) return std::nullopt;
  return out;
}

std::size_t utf8_sequence(std::string_view text, char32_t* code_point) {
  if (text.empty()) return 0;
  const std::uint32_t first = byte_at(text, 0);
  std::size_t length = 1;
  std::uint32_t value = first;
  std::uint32_t lowest = 0;  // of this length; below it the form is overlong
  if (first >= 0x80) {
    if (first >= 0xc2 && first <= 0xdf) {
      length = 2;
      value = first & 0x1fU;
      lowest = 0x80;
    } else if (first >= 0xe0 && first <= 0xef) {
      length = 3;
      value = first & 0x0fU;
      lowest = 0x800;
    } else if (first >= 0xf0 && first <= 0xf4) {
      length = 4;
      value = first & 0x07U;
      lowest = 0x10000;
    } else {
      return 0;
    }
  }
  if (text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    const std::uint32_t next = byte_at(text, i);
    if ((next & 0xc0U) != 0x80) return 0;
    value = (value << 6U) | (next & 0x3fU);
  }
  const bool surrogate = value >= 0xd800 && value <= 0xdfff;
  if (value < lowest || surrogate || value > 0x10ffff) return 0;
  if (code_point != nullptr) *code_point = static_cast<char32_t>(value);
  return length;
}

void append_utf8(std::string& out, char32_t code_point) {
  const auto v = static_cast<std::uint32_t>(code_point);
  const auto tail = [&](std::uint32_t shift) {
    out += static_cast<char>(0x80U | ((v >> shift) & 0x3fU));
  };
  if (v < 0x80) {
    out += static_cast<char>(v);
  } else if (v < 0x800) {
    out += static_cast<char>(0xc0U | (v >> 6U));
    tail(0);
  } else if (v < 0x10000) {
    out += static_cast<char>(0xe0U | (v >> 12U));
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xf0U | (v >> 18U));
    tail(12);
    tail(6);
    tail(0);
  }
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8_sequence(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string as_utf8(std::string_view text) {
  constexpr char32_t kReplacement = 0xfffd;
  std::string out;
  while (!text.empty()) {
    const std::size_t length = utf8_sequence(text);
    if (length == 0) {
      append_utf8(out, kReplacement);
    } else {
      out.append(text.substr(0, length));
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

}  // namespace medsave
