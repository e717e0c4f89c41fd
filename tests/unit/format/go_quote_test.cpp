#include "medsave/format/go_quote.hpp"

#include "fixtures.hpp"
#include "go_printable.hpp"
#include "random_node.hpp"

#include "medsave/format/node.hpp"

#include <gtest/gtest.h>

namespace medsave::test {
namespace {

TEST(GoPrintable, IsTheRecordedSetOfCodePoints) {
  std::vector<bool> expected(0x110000, false);
  const auto recorded = load_json("go-printable.json");
  for (const auto& range : recorded["ranges"]) {
    for (std::size_t c = range[0]; c <= range[1].get<std::size_t>(); ++c) expected[c] = true;
  }
  for (char32_t c = 0; c < expected.size(); ++c) {
    ASSERT_EQ(go_printable(c), expected[c]) << static_cast<std::uint32_t>(c);
  }
}

TEST(GoQuote, EscapesAsGoDoes) {
  EXPECT_EQ(go_quote("plain name.txt"), "plain name.txt");
  EXPECT_EQ(go_quote("a\"b\\c"), "a\\\"b\\\\c");
  EXPECT_EQ(go_quote("\a\b\t\n\v\f\r"), "\\a\\b\\t\\n\\v\\f\\r");
  EXPECT_EQ(go_quote(std::string_view("\0\x1f\x7f", 3)), "\\x00\\x1f\\x7f");
  EXPECT_EQ(go_quote("caf\xe9"), "caf\\xe9");
  EXPECT_EQ(go_quote("\xff\xfe-start"), "\\xff\\xfe-start");
  EXPECT_EQ(go_quote("é€😀'<tag>&amp;"), "é€😀'<tag>&amp;");
  EXPECT_EQ(go_quote("\u0080\u00a0\u00ad\u2028\ufeff"), "\\u0080\\u00a0\\u00ad\\u2028\\ufeff");
  EXPECT_EQ(go_quote("\ufffd"), "\ufffd");
  EXPECT_EQ(go_quote("\U000f0000\U0010ffff"), "\\U000f0000\\U0010ffff");
  EXPECT_EQ(go_quote("\xed\xa0\x80"), "\\xed\\xa0\\x80");
  EXPECT_EQ(go_quote("\xe2\x82"), "\\xe2\\x82");
}

TEST(GoUnquote, AcceptsEveryValidEscape) {
  EXPECT_EQ(go_unquote("caf\\xe9\\351\\377"), "caf\xe9\xe9\xff");
  EXPECT_EQ(go_unquote("\\u20ac\\U0001F600"), "€😀");
  EXPECT_EQ(go_unquote("\\000"), std::string(1, '\0'));
  EXPECT_EQ(go_unquote("'<é>"), "'<é>");
  EXPECT_EQ(go_unquote("a\xff"), "a\ufffd");
}

TEST(GoUnquote, RejectsWhatGoRejects) {
  for (const char* bad : {"\"", "a\"b", "a\nb", "\\", "\\q", "\\'", "\\x", "\\x1", "\\xg0", "\\u12",
                          "\\ud800", "\\U00110000", "\\U0001F60", "\\8", "\\18", "\\400", "\\08"}) {
    EXPECT_EQ(go_unquote(bad), std::nullopt) << bad;
  }
}

TEST(GoQuote, RoundTripsEveryName) {
  Generator random(1);
  for (int i = 0; i < 20000; ++i) {
    const std::string raw = i % 2 == 0 ? random_bytes(random, 30) : random_text(random);
    EXPECT_EQ(go_unquote(go_quote(raw)), raw);
  }
  const auto data = load_json("repo-v2.lstat.json");
  for (const auto& snapshot : data["snapshots"]) {
    for (const auto& entry : snapshot["entries"]) {
      const std::string raw = from_base64_text(entry["name_b64"]);
      EXPECT_EQ(go_unquote(go_quote(raw)), raw);
    }
  }
}

}  // namespace
}  // namespace medsave::test
