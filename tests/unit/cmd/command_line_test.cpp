#include "command_line.hpp"

#include "medsave/base/error.hpp"

#include <gmock/gmock.h>

#include <cstdlib>

namespace medsave::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// A program with one command and one group of commands.
class CommandLine : public testing::Test {
 protected:
  CommandLine() {
    Option& location = root.option("repo,r", "REPO", repo, "");
    location.environment = "T_REPO";
    location.exclusive = "repo";
    root.option("repo-file", "FILE", repo_file, "").exclusive = "repo";
    root.count("verbose,v", verbose, "");
    root.flag("json", json, "");
    Command& save = root.add_command("save", "");
    save.options("exclude,e", "PATTERN", excludes, "");
    save.flag("dry-run,n", dry_run, "");
    save.number("count", "N", count, "");
    save.option("mode", "MODE", mode, "").choices = {"slow", "fast"};
    save.run([](Context&, const std::vector<std::string>&) {});
    root.add_command("key", "").add_command("list", "");
  }
  ~CommandLine() override {
    unsetenv("MEDSAVE_T_REPO");
    unsetenv("RESTIC_T_REPO");
  }

  ParsedLine parse(const std::vector<std::string>& words) {
    return parse_command_line(root, words);
  }
  std::string error_of(const std::vector<std::string>& words) {
    try {
      parse(words);
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Errc::usage);
      return e.what();
    }
    return "no error";
  }

  std::string repo;
  std::string repo_file;
  int verbose = 0;
  bool json = false;
  bool dry_run = false;
  std::uint64_t count = 0;
  std::string mode;
  std::vector<std::string> excludes;
  Command root{"prog", ""};
};

TEST_F(CommandLine, TakesGlobalOptionsBeforeAndBehindTheCommand) {
  const ParsedLine line = parse({"-v", "save", "-r", "/repo", "file", "--json", "-v"});
  EXPECT_EQ(line.command->name(), "save");
  EXPECT_THAT(line.arguments, ElementsAre("file"));
  EXPECT_EQ(repo, "/repo");
  EXPECT_EQ(verbose, 2);
  EXPECT_TRUE(json);
}

TEST_F(CommandLine, KnowsAllFormsOfAValue) {
  parse({"save", "--exclude=a", "--exclude", "b", "-ec", "-e", "d", "-e=e", "--exclude="});
  EXPECT_THAT(excludes, ElementsAre("a", "b", "c", "d", "e", ""));
}

TEST_F(CommandLine, TakesWhateverFollowsAsTheValue) {
  parse({"save", "--exclude", "-n", "-r", "--json"});
  EXPECT_THAT(excludes, ElementsAre("-n"));
  EXPECT_EQ(repo, "--json");
  EXPECT_FALSE(dry_run);
}

TEST_F(CommandLine, SplitsLettersAndCountsLevels) {
  parse({"save", "-nvv"});
  EXPECT_TRUE(dry_run);
  EXPECT_EQ(verbose, 2);
  parse({"save", "--verbose=1", "--dry-run=false"});
  EXPECT_EQ(verbose, 1);
  EXPECT_FALSE(dry_run);
}

TEST_F(CommandLine, LeavesOddArgumentsAsTheyAre) {
  EXPECT_THAT(parse({"save", "[a]", "-", "key", "--", "-n", "--", ""}).arguments,
              ElementsAre("[a]", "-", "key", "-n", "--", ""));
}

TEST_F(CommandLine, FindsCommandsOfCommands) {
  EXPECT_EQ(parse({"key", "--json", "list"}).command->full_name(), "prog key list");
}

TEST_F(CommandLine, OffersHelpForTheCommandNamed) {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"save", "--help"}, {"-h", "save"}, {"help", "save"}}) {
    const ParsedLine line = parse(words);
    EXPECT_TRUE(line.help);
    EXPECT_EQ(line.command->name(), "save");
  }
}

TEST_F(CommandLine, NamesWhatItDoesNotKnow) {
  EXPECT_THAT(error_of({"sav"}), HasSubstr("unknown command \"sav\" for \"prog\""));
  EXPECT_THAT(error_of({"save", "--foo=1"}), HasSubstr("unknown flag: --foo"));
  EXPECT_THAT(error_of({"save", "-nx"}), HasSubstr("unknown flag: -x"));
  EXPECT_THAT(error_of({"save", "-e"}), HasSubstr("flag needs an argument: -e"));
  EXPECT_THAT(error_of({"save", "--count", "two"}), HasSubstr("\"two\" for \"--count\""));
  EXPECT_THAT(error_of({"save", "--mode", "odd"}), HasSubstr("(slow|fast)"));
  EXPECT_THAT(error_of({"save", "--json=perhaps"}), HasSubstr("true or false"));
}

TEST_F(CommandLine, PrefersMedsavesVariableToRestics) {
  setenv("RESTIC_T_REPO", "theirs", 1);
  parse({"save"});
  EXPECT_EQ(repo, "theirs");
  setenv("MEDSAVE_T_REPO", "ours", 1);
  parse({"save"});
  EXPECT_EQ(repo, "ours");
  parse({"save", "-r", "given"});
  EXPECT_EQ(repo, "given");
}

TEST_F(CommandLine, TakesAnEmptyVariableForUnset) {
  setenv("MEDSAVE_T_REPO", "", 1);
  setenv("RESTIC_T_REPO", "theirs", 1);
  parse({"save"});
  EXPECT_EQ(repo, "theirs");
}

TEST_F(CommandLine, LetsTheCommandLineWinAgainstAVariableOfAnotherOption) {
  setenv("RESTIC_T_REPO", "theirs", 1);
  parse({"save", "--repo-file", "f"});
  EXPECT_EQ(repo, "");
  EXPECT_EQ(repo_file, "f");
  EXPECT_THAT(error_of({"save", "--repo-file", "f", "-r", "x"}), HasSubstr("mutually exclusive"));
}

}  // namespace
}  // namespace medsave::cli
