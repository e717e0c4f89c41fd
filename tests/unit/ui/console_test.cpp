#include "medsave/ui/console.hpp"

#include "medsave/base/text.hpp"

#include <gtest/gtest.h>

namespace medsave {
namespace {

struct Screen {
  std::string out = {};
  std::string err = {};
  unsigned columns = 20;

  Console::Options terminal() {
    return {.out_is_terminal = true, .err_is_terminal = true, .width = [this] { return columns; }};
  }
  Console::Write to_out() {
    return [this](std::string_view text) { out += text; };
  }
  Console::Write to_err() {
    return [this](std::string_view text) { err += text; };
  }
};

TEST(Console, KeepsPipesFreeOfStatusAndEscapes) {
  Screen screen;
  Console console(screen.to_out(), screen.to_err(), {});
  console.show_status({"working"});
  console.print("a line");
  console.warn("a warning");
  EXPECT_EQ(screen.out, "a line\n");
  EXPECT_EQ(screen.err, "a warning\n");
  EXPECT_EQ(console.bold("x"), "x");
  EXPECT_EQ(console.listed_name("a\x1b"), "a\x1b");
}

TEST(Console, PrintsLinesAboveTheStatusBlock) {
  Screen screen;
  Console console(screen.to_out(), screen.to_err(), screen.terminal());
  console.show_status({"one", "two"});
  EXPECT_EQ(screen.out, "one\ntwo");
  screen.out.clear();
  console.print("line");
  EXPECT_EQ(screen.out, "\r\x1b[2K\x1b[1A\x1b[2Kline\none\ntwo");
  screen.out.clear();
  console.clear_status();
  EXPECT_EQ(screen.out, "\r\x1b[2K\x1b[1A\x1b[2K");
}

TEST(Console, CutsStatusLinesToTheTerminal) {
  init_language("en");
  Screen screen;
  screen.columns = 6;
  Console console(screen.to_out(), screen.to_err(), screen.terminal());
  console.show_status({"abcdefgh"});
  EXPECT_EQ(screen.out, "abcd\u2026");
}

TEST(Console, ErasesWhatANarrowerTerminalHasFolded) {
  Screen screen;
  Console console(screen.to_out(), screen.to_err(), screen.terminal());
  console.show_status({"123456789012"});
  screen.out.clear();
  screen.columns = 5;  // 12 columns now take 3 rows
  console.clear_status();
  EXPECT_EQ(screen.out, "\r\x1b[2K\x1b[1A\x1b[2K\x1b[1A\x1b[2K");
}

TEST(Console, EscapesListedNamesOnATerminalOnly) {
  Screen screen;
  Console console(screen.to_out(), screen.to_err(), screen.terminal());
  EXPECT_EQ(console.listed_name("a\x1b"), "a\\x1b");
}

TEST(Console, EscapesMessagesAlways) {
  Screen screen;
  Console console(screen.to_out(), screen.to_err(), {});
  console.warn("a\x1b[2J\nb\u202e");
  EXPECT_EQ(screen.err, "a\\x1b[2J\\nb\\u202e\n");
  console.tell("c\x1b[1m\nd");
  EXPECT_EQ(screen.out, "c\\x1b[1m\\nd\n");
}

TEST(Console, KeepsTheLinesOfMessagesThatHaveSeveral) {
  Screen screen;
  Console console(screen.to_out(), screen.to_err(), {});
  console.warn_lines("a\x1b\nb");
  EXPECT_EQ(screen.err, "a\\x1b\nb\n");
  console.tell_lines("c\nd\x1b");
  EXPECT_EQ(screen.out, "c\nd\\x1b\n");
}

TEST(Console, LeavesItsOwnBoldTextAlone) {
  Screen screen;
  Console::Options options = screen.terminal();
  options.colour = true;
  Console console(screen.to_out(), screen.to_err(), options);
  console.tell("a " + console.bold("b\x1b[2J"));
  EXPECT_EQ(screen.out, "a \x1b[1mb\\x1b[2J\x1b[0m\n");
}

TEST(Console, WrapsMessagesAtWordsOnATerminal) {
  Screen screen;
  screen.columns = 12;
  Console console(screen.to_out(), screen.to_err(), screen.terminal());
  console.tell("  one two three four");
  EXPECT_EQ(screen.out, "  one two\n  three four\n");
  console.warn("eins zwei drei");
  EXPECT_EQ(screen.err, "eins zwei\ndrei\n");
}

}  // namespace
}  // namespace medsave
