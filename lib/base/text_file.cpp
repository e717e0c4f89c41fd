#include "medsave/base/text_file.hpp"

#include "medsave/base/encoding.hpp"
#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"

#include <algorithm>
#include <cstdint>

namespace medsave {
namespace {

constexpr std::string_view kMarkUtf8 = "\xef\xbb\xbf";
constexpr std::string_view kMarkUtf16Little = "\xff\xfe";
constexpr std::string_view kMarkUtf16Big = "\xfe\xff";

bool is_high_surrogate(std::uint32_t unit) { return unit >= 0xd800 && unit <= 0xdbff; }
bool is_low_surrogate(std::uint32_t unit) { return unit >= 0xdc00 && unit <= 0xdfff; }

/// Code units of UTF-16 without its mark.
class Units {
 public:
  Units(std::string_view bytes, bool big) : bytes_(bytes), big_(big) {}

  [[nodiscard]] std::size_t size() const { return bytes_.size() / 2; }
  [[nodiscard]] std::uint32_t operator[](std::size_t i) const {
    const auto first = static_cast<unsigned char>(bytes_[2 * i]);
    const auto second = static_cast<unsigned char>(bytes_[2 * i + 1]);
    return big_ ? (std::uint32_t{first} << 8U) | second : (std::uint32_t{second} << 8U) | first;
  }

 private:
  std::string_view bytes_;
  bool big_;
};

[[noreturn]] void throw_damaged(const std::string& what) {
  throw Error(Errc::corrupt,
              format_text(_("{} begins as UTF-16 text, but is damaged or cut off; save it again, "
                            "best as UTF-8"),
                          what));
}

Buffer from_utf16(std::string_view bytes, bool big, const std::string& what) {
  if (bytes.size() % 2 != 0) throw_damaged(what);
  const Units units(bytes, big);
  Buffer out;
  out.reserve(3 * units.size());  // at once: it may be a secret, and growing would leave copies
  for (std::size_t i = 0; i < units.size(); ++i) {
    std::uint32_t value = units[i];
    if (is_high_surrogate(value)) {
      const std::uint32_t second = i + 1 < units.size() ? units[i + 1] : 0;
      if (!is_low_surrogate(second)) throw_damaged(what);
      value = 0x10000 + ((value - 0xd800) << 10U) + (second - 0xdc00);
      ++i;
    } else if (is_low_surrogate(value)) {
      throw_damaged(what);
    }
    std::string character;  // at most 4 bytes: stays on the stack
    append_utf8(character, static_cast<char32_t>(value));
    out.append(as_bytes(character));
  }
  return out;
}

/// White_Space of Unicode.
bool is_space(char32_t c) {
  return (c >= U'\t' && c <= U'\r') || c == U' ' || c == 0x85 || c == 0xa0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f ||
         c == 0x3000;
}

/// Length of the valid character at the end, 0 if there is none.
std::size_t last_character(std::string_view text, char32_t& value) {
  for (std::size_t length = 1; length <= std::min<std::size_t>(4, text.size()); ++length) {
    if (utf8_sequence(text.substr(text.size() - length), &value) == length) return length;
  }
  return 0;
}

}  // namespace

Buffer decode_marked_text(ByteView content, const std::string& what) {
  std::string_view text = as_text(content);
  if (text.starts_with(kMarkUtf16Little)) return from_utf16(text.substr(2), false, what);
  if (text.starts_with(kMarkUtf16Big)) return from_utf16(text.substr(2), true, what);
  if (text.starts_with(kMarkUtf8)) text.remove_prefix(kMarkUtf8.size());
  Buffer out;
  out.append(as_bytes(text));
  return out;
}

Buffer decode_text(ByteView content, const std::string& what) {
  Buffer out = decode_marked_text(content, what);
  if (as_text(out.view()).find('\0') != std::string_view::npos) {
    throw Error(Errc::corrupt, format_text(_("{} holds NUL bytes: it is UTF-16 without a byte "
                                             "order mark, or no text; save it as UTF-8"),
                                           what));
  }
  return out;
}

Buffer decode_lines(ByteView content, const std::string& what) {
  Buffer out = decode_text(content, what);
  const std::string_view text = as_text(out.view());
  if (text.find('\n') != std::string_view::npos) return out;
  std::string lines(text);
  std::ranges::replace(lines, '\r', '\n');
  out.clear();
  out.append(as_bytes(lines));
  return out;
}

std::string_view trim_unicode_space(std::string_view text) {
  char32_t value = 0;
  while (const std::size_t length = utf8_sequence(text, &value)) {
    if (!is_space(value)) break;
    text.remove_prefix(length);
  }
  while (const std::size_t length = last_character(text, value)) {
    if (!is_space(value)) break;
    text.remove_suffix(length);
  }
  return text;
}

}  // namespace medsave
