#include "medsave/base/text_file.hpp"

#include "medsave/base/encoding.hpp"
#include "medsave/base/error.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace medsave::test {
namespace {

using namespace std::string_literals;

std::string decoded(const std::string& content) {
  const Buffer out = decode_marked_text(as_bytes(content), "list");
  return std::string(as_text(out.view()));
}

std::string to_utf16(const std::vector<char32_t>& text, bool big) {
  std::string out = big ? "\xfe\xff" : "\xff\xfe";
  const auto add = [&](std::uint32_t unit) {
    const char high = static_cast<char>(unit >> 8U);
    const char low = static_cast<char>(unit & 0xffU);
    out += big ? high : low;
    out += big ? low : high;
  };
  for (const char32_t c : text) {
    const auto value = static_cast<std::uint32_t>(c);
    if (value < 0x10000) {
      add(value);
    } else {
      add(0xd800 + ((value - 0x10000) >> 10U));
      add(0xdc00 + ((value - 0x10000) & 0x3ffU));
    }
  }
  return out;
}

TEST(TextFile, WithoutAMarkIsAsItStands) {
  EXPECT_EQ(decoded(""), "");
  EXPECT_EQ(decoded("caf\xe9\r\n"), "caf\xe9\r\n");
  EXPECT_EQ(decoded("\xff"), "\xff");
}

TEST(TextFile, LosesItsMark) {
  EXPECT_EQ(decoded("\xef\xbb\xbf"
                    "a"),
            "a");
  EXPECT_EQ(decoded("\xff\xfe"
                    "a\0\xe9\0"s),
            "a\xc3\xa9");
  EXPECT_EQ(decoded("\xfe\xff"
                    "\0a\0\xe9"s),
            "a\xc3\xa9");
  EXPECT_EQ(decoded("\xff\xfe"), "");
}

TEST(TextFile, IsTheSameTextInEveryEncoding) {
  std::mt19937 random(11);  // NOLINT: the same every time
  for (int round = 0; round < 300; ++round) {
    std::vector<char32_t> text(random() % 40);
    std::string utf8;
    for (char32_t& c : text) {
      const std::uint32_t limit = random() % 2 == 0 ? 0x3000 : 0x110000;
      do c = static_cast<char32_t>(random() % limit);
      while (c >= 0xd800 && c <= 0xdfff);
      append_utf8(utf8, c);
    }
    EXPECT_EQ(decoded(to_utf16(text, false)), utf8);
    EXPECT_EQ(decoded(to_utf16(text, true)), utf8);
    EXPECT_EQ(decoded("\xef\xbb\xbf" + utf8), utf8);
  }
}

TEST(TextFile, OfHalfCharactersIsRefused) {
  for (const std::string& content : {"\xff\xfe"
                                     "a"s,
                                     "\xff\xfe\0\xd8"s, "\xff\xfe\0\xdc"s,
                                     "\xff\xfe\0\xd8"
                                     "a\0"s,
                                     "\xfe\xff\xdc\0\xd8\0"s, "\xff\xfe\0\xd8\0\xd8\0\xdc"s}) {
    EXPECT_THROW(decoded(content), Error);
  }
}

TEST(TextFile, ThatIsAListHoldsNoNul) {
  EXPECT_THROW(decode_text(as_bytes("a\0b\0"s), "list"), Error);
  EXPECT_THROW(decode_text(as_bytes("\xff\xfe\0\0"s), "list"), Error);
  const Buffer out = decode_text(as_bytes("\xff\xfe"
                                          "a\0"s),
                                 "list");
  EXPECT_EQ(as_text(out.view()), "a");
}

TEST(TextFile, OfLinesMayEndThemWithCarriageReturnsAlone) {
  const auto lines = [](const std::string& content) {
    return std::string(as_text(decode_lines(as_bytes(content), "list").view()));
  };
  EXPECT_EQ(lines("a\rb\r"), "a\nb\n");
  EXPECT_EQ(lines("\xfe\xff\0a\0\r\0b"s), "a\nb");
  EXPECT_EQ(lines("a\r\nb\rc"), "a\r\nb\rc");
  EXPECT_EQ(lines(""), "");
  EXPECT_THROW(lines("a\0\r"s), Error);
}

TEST(TrimUnicodeSpace, TakesOffWhatUnicodeCallsWhiteSpace) {
  std::string space;
  for (const char32_t c :
       {U'\t', U'\n', U'\v', U'\f', U'\r', U' ', U'\x85', U'\xa0', U'\x1680', U'\x2000', U'\x200a',
        U'\x2028', U'\x2029', U'\x202f', U'\x205f', U'\x3000'}) {
    append_utf8(space, c);
  }
  EXPECT_EQ(trim_unicode_space(space + "a" + space + "b" + space), "a" + space + "b");
  EXPECT_EQ(trim_unicode_space(space), "");
}

TEST(TrimUnicodeSpace, LeavesEverythingElse) {
  for (const std::string& text :
       {"\xe2\x80\x8b"
        "a"s,
        "\xef\xbb\xbf"s, "a\0"s, "\xa0"s, "a\x85"s, "\xe3\x80"s, "\x80\x80\x80\x80\x80"s}) {
    EXPECT_EQ(trim_unicode_space(text), text);
  }
}

}  // namespace
}  // namespace medsave::test
