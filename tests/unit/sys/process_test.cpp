#include "medsave/sys/process.hpp"

#include "support/matchers.hpp"

#include "medsave/sys/file_io.hpp"
#include "medsave/sys/signals.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace medsave::test {
namespace {

using Words = std::vector<std::string>;

std::string output_of(ChildOutput& child) {
  Buffer out(1000);
  out.resize(read_some(child.fd(), out.writable(), "child"));
  return std::string(as_text(out.view()));
}

TEST(SplitCommand, SplitsAtWhiteSpaceOutsideQuotes) {
  EXPECT_EQ(split_command("  pass show\tbackup \n"), (Words{"pass", "show", "backup"}));
  EXPECT_EQ(split_command("cat 'my file' \"a b\"c"), (Words{"cat", "my file", "a bc"}));
  EXPECT_EQ(split_command("a '' \"\""), (Words{"a", "", ""}));
  EXPECT_EQ(split_command(R"(a\ b "x\"y" 'c\d' e\\f "C:\dir")"),
            (Words{"a b", "x\"y", "c\\d", "e\\f", "C:\\dir"}));
  EXPECT_EQ(split_command(""), Words{});
}

TEST(SplitCommand, RefusesAnOpenQuote) {
  EXPECT_THAT([] { split_command("cat 'file"); }, throws_errc(Errc::usage));
}

TEST(ChildOutput, GivesOutputAndStatus) {
  ChildOutput child({"sh", "-c", "cat; echo secret; exit 7"});
  EXPECT_EQ(output_of(child), "secret\n");
  EXPECT_EQ(child.wait(), 7);
}

TEST(ChildOutput, NamesAProgramThatDoesNotExist) {
  EXPECT_THAT([] { ChildOutput child({"medsave-no-such-program"}); }, throws_errc(Errc::usage));
}

TEST(ChildOutput, ChildrenCanBeEndedThoughWeBlockSignals) {
  const SignalGuard guard;
  ChildOutput child({"sh", "-c", "kill -TERM $$; sleep 5; echo survived"});
  EXPECT_EQ(output_of(child), "");
  EXPECT_EQ(child.wait(), 128 + 15);
}

TEST(ChildOutput, IsEndedWhenNobodyWaits) {
  const auto begin = std::chrono::steady_clock::now();
  { const ChildOutput child({"sleep", "60"}); }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
}

}  // namespace
}  // namespace medsave::test
