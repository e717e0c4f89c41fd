#include "medsave/ui/display_text.hpp"

#include "medsave/base/text.hpp"

#include <gtest/gtest.h>

namespace medsave {
namespace {

/// Widths need a UTF-8 locale.
class DisplayText : public testing::Test {
 protected:
  static void SetUpTestSuite() { init_language("en"); }
};

TEST_F(DisplayText, EscapesWhatWouldActOnATerminal) {
  EXPECT_EQ(escape_for_terminal("plain name.txt"), "plain name.txt");
  EXPECT_EQ(escape_for_terminal("caf\u00e9 \u65e5\u672c"), "caf\u00e9 \u65e5\u672c");
  EXPECT_EQ(escape_for_terminal("a\x1b[2Jb"), "a\\x1b[2Jb");
  EXPECT_EQ(escape_for_terminal("line\nbreak\ttab\r"), "line\\nbreak\\ttab\\r");
  EXPECT_EQ(escape_for_terminal("\x7f"), "\\x7f");
}

TEST_F(DisplayText, EscapesBytesThatAreNoTextAndHiddenCharacters) {
  EXPECT_EQ(escape_for_terminal("caf\xe9"), "caf\\xe9");
  EXPECT_EQ(escape_for_terminal("exe\u202etxt"), "exe\\u202etxt");  // right-to-left override
  EXPECT_EQ(escape_for_terminal("\xc2\x9b"), "\\u009b");  // C1: another way to write ESC [
}

TEST_F(DisplayText, LeavesQuotesAndBackslashesAlone) {
  EXPECT_EQ(escape_for_terminal("a\"b\\c\u00e9"), "a\"b\\c\u00e9");
}

TEST_F(DisplayText, CountsColumnsNotBytes) {
  EXPECT_EQ(display_width("abc"), 3U);
  EXPECT_EQ(display_width("\u00e9t\u00e9"), 3U);
  EXPECT_EQ(display_width("\u65e5\u672c"), 4U);
}

TEST_F(DisplayText, CutsAtEitherEnd) {
  EXPECT_EQ(cut_to_width("abcdef", 6), "abcdef");
  EXPECT_EQ(cut_to_width("abcdef", 4), "abc\u2026");
  EXPECT_EQ(cut_to_width("\u65e5\u672c\u8a9e", 4), "\u65e5\u2026");
  EXPECT_EQ(cut_front_to_width("/srv/data/letter.txt", 11), "\u2026letter.txt");
  EXPECT_EQ(cut_to_width("abc", 0), "");
}

TEST_F(DisplayText, WrapsAtSpacesAndKeepsParagraphs) {
  EXPECT_EQ(wrap_text("one two three", 9, 0), "one two\nthree");
  EXPECT_EQ(wrap_text("one two three", 9, 2), "one two\n  three");
  EXPECT_EQ(wrap_text("a\n\nb", 80, 2), "a\n\n  b");
  EXPECT_EQ(wrap_text("averylongword x", 5, 0), "averylongword\nx");
  EXPECT_EQ(wrap_lines("12. one two three\n- one two three\n1.5 one two", 12),
            "12. one two\n    three\n- one two\n  three\n1.5 one two");
}

}  // namespace
}  // namespace medsave
