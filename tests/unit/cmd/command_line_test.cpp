#include "command_line_parser.hpp"

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

TEST_F(CommandLine, KeepsOddValuesAsTheyAre) {
  const std::vector<std::string> odd = {"[a]",  "[a,b]", "a,b",  "%%",   "{}", "",    "-",
                                        "--",   "-x",    "-n=1", "--",   "=",  "=x",  "a\nb",
                                        "--a=", "--a=b", "-=",   "-a=b", "++", "-e-", "\"q\" 'r'"};
  for (const std::string& value : odd) {
    excludes.clear();
    const ParsedLine line = parse(
        {"save", "--exclude", value, "-e", value, "--exclude=" + value, "-e=" + value, "last"});
    EXPECT_THAT(excludes, ElementsAre(value, value, value, value));
    EXPECT_THAT(line.arguments, ElementsAre("last"));
  }
  excludes.clear();
  parse({"save", "-e[a]", "-ea,b", "-e{}", "-ne-x", "-ea=b", "-e-=x", "-e==x", "--exclude==x"});
  EXPECT_THAT(excludes, ElementsAre("[a]", "a,b", "{}", "-x", "a=b", "-=x", "=x", "=x"));
}

TEST_F(CommandLine, SetsValuesInTheOrderGiven) {
  std::vector<std::string> seen;
  Command program("prog", "");
  const auto note = [&](const std::string& name) {
    return [&seen, name](const std::string& value) { seen.push_back(name + value); };
  };
  program.parsed("alpha,a", "A", note("a"), "");
  program.parsed("beta,b", "B", note("b"), "");
  parse_command_line(program, {"-a1", "-b2", "--alpha=3", "x", "-a", "4", "-b=5"});
  EXPECT_THAT(seen, ElementsAre("a1", "b2", "a3", "a4", "b5"));
}

TEST_F(CommandLine, LetsTheLastValueOfASingleOptionWin) {
  parse({"-r", "one", "save", "-r", "two", "--mode=slow", "--mode", "fast"});
  EXPECT_EQ(repo, "two");
  EXPECT_EQ(mode, "fast");
}

TEST_F(CommandLine, TakesALevelBehindALetter) {
  parse({"save", "-v=2", "-n=true"});
  EXPECT_EQ(verbose, 2);
  EXPECT_TRUE(dry_run);
  parse({"save", "-nv=3", "-n=false", "-v"});
  EXPECT_EQ(verbose, 4);
  EXPECT_FALSE(dry_run);
}

TEST_F(CommandLine, EndsOptionsAtTwoDashesAlsoBeforeTheCommand) {
  const ParsedLine line = parse({"-v", "--", "save", "-n", "--", "--help", "[a]"});
  EXPECT_EQ(line.command->name(), "save");
  EXPECT_THAT(line.arguments, ElementsAre("-n", "--", "--help", "[a]"));
  EXPECT_FALSE(line.help);
  EXPECT_FALSE(dry_run);
}

TEST_F(CommandLine, LeavesArgumentsThatLookLikeSyntaxAsTheyAre) {
  const std::vector<std::string> odd = {"[a]", "[]", "a,b",  "%%",  "{}",   "{a}",  "",
                                        "++",  "/n", "a\nb", "a=b", "=",    "help", "save",
                                        "key", "-",  "+1",   "!x",  "list", "a b"};
  std::vector<std::string> words = odd;
  words.insert(words.begin(), "save");
  EXPECT_EQ(parse(words).arguments, odd);
  words.insert(words.begin() + 4, "-n");
  EXPECT_EQ(parse(words).arguments, odd);
  EXPECT_TRUE(dry_run);
}

TEST_F(CommandLine, PrefersTheCommandsOptionToAGlobalOneOfTheSameName) {
  bool brief = false;
  Command& other = root.add_command("other", "");
  other.flag("brief,v", brief, "");
  std::string here;
  other.option("repo", "REPO", here, "");
  parse({"-v", "other", "-v", "--repo", "x", "-r", "y"});
  EXPECT_TRUE(brief);
  EXPECT_EQ(verbose, 1);
  EXPECT_EQ(here, "x");
  EXPECT_EQ(repo, "y");
}

TEST_F(CommandLine, FindsCommandsOfCommands) {
  EXPECT_EQ(parse({"key", "--json", "list"}).command->full_name(), "prog key list");
}

TEST_F(CommandLine, OffersHelpForTheCommandNamed) {
  for (const std::vector<std::string>& words : {std::vector<std::string>{"save", "--help"},
                                                {"-h", "save"},
                                                {"help", "save"},
                                                {"save", "-nh", "x"},
                                                {"--help=yes", "save"},
                                                {"-v", "help", "--json", "save", "-n"}}) {
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
  EXPECT_THAT(error_of({"save", "--mode", "odd"}), HasSubstr("(slow, fast)"));
  EXPECT_THAT(error_of({"save", "--json=perhaps"}), HasSubstr("true or false"));
}

TEST_F(CommandLine, TakesHelpForAnArgumentBehindACommandThatTakesSome) {
  const ParsedLine line = parse({"save", "help"});
  EXPECT_FALSE(line.help);
  EXPECT_THAT(line.arguments, ElementsAre("help"));
}

TEST_F(CommandLine, NamesAnUnknownOptionAsItWasWritten) {
  const std::vector<std::pair<std::string, std::string>> unknown = {
      {"--foo", "--foo"}, {"--foo=1", "--foo"}, {"--foo=", "--foo"}, {"-x", "-x"},
      {"-xyz", "-x"},     {"-x=1", "-x"},       {"-nx", "-x"},       {"-1", "-1"},
      {"-n1", "-1"},      {"---n", "---n"},     {"--=1", "--"},      {"-=1", "-="},
      {"-=", "-="},       {"-h=1", "-="},       {"-n-", "--"},       {"-n-v", "--"},
      {"-n!", "-!"},      {"- n", "- "},        {"--!n", "--!n"},    {"--dry", "--dry"}};
  for (const auto& [word, shown] : unknown) {
    for (const std::vector<std::string>& words :
         {std::vector<std::string>{"save", word}, {"save", "a", word, "b", "--", "c"}}) {
      EXPECT_EQ(error_of(words),
                "unknown flag: " + shown + "\nRun 'prog save --help' to see what there is.");
    }
  }
  for (const std::vector<std::string>& words : {std::vector<std::string>{"--exclude", "save"},
                                                {"--exclude", "a"},
                                                {"--exclude", "a", "b"}}) {
    EXPECT_EQ(error_of(words), "unknown flag: --exclude\nRun 'prog --help' to see what there is.");
  }
  EXPECT_THAT(error_of({"save", "-v", "-=2"}), HasSubstr("unknown flag: -="));
}

TEST_F(CommandLine, TakesOptionsOfACommandBeforeIt) {
  const ParsedLine line = parse({"--exclude", "a", "-e", "b", "--exclude=c", "-e=d", "-vn", "-r",
                                 "/repo", "save", "file", "-e", "f"});
  EXPECT_EQ(line.command->name(), "save");
  EXPECT_THAT(line.arguments, ElementsAre("file"));
  EXPECT_THAT(excludes, ElementsAre("a", "b", "c", "d", "f"));
  EXPECT_EQ(verbose, 1);
  EXPECT_EQ(repo, "/repo");
  EXPECT_TRUE(dry_run);
  EXPECT_EQ(error_of({"--foo", "a", "save"}),
            "unknown flag: --foo\nRun 'prog save --help' to see what there is.");
  // Nobody can know yet that -n takes no value.
  EXPECT_THAT(error_of({"-n", "save"}), HasSubstr("unknown flag: -n"));
}

TEST_F(CommandLine, NamesAnUnknownCommand) {
  EXPECT_EQ(error_of({"-v", ""}),
            "unknown command \"\" for \"prog\"\nRun 'prog --help' to see what there is.");
  EXPECT_EQ(
      error_of({"key", "[a]", "-x"}),
      "unknown command \"[a]\" for \"prog key\"\nRun 'prog key --help' to see what there is.");
  EXPECT_THAT(error_of({"--", "-n"}), HasSubstr("unknown command \"-n\""));
}

TEST_F(CommandLine, NamesTheOptionThatLacksItsValue) {
  EXPECT_EQ(error_of({"save", "--exclude"}), "flag needs an argument: --exclude");
  EXPECT_EQ(error_of({"save", "a", "-ne"}), "flag needs an argument: -e");
  EXPECT_EQ(error_of({"save", "-n", "-r"}), "flag needs an argument: -r");
  EXPECT_EQ(error_of({"--repo"}), "flag needs an argument: --repo");
}

TEST_F(CommandLine, NamesValuesThatDoNotFit) {
  EXPECT_EQ(error_of({"save", "--count="}),
            "invalid argument \"\" for \"--count\": must be a number");
  EXPECT_EQ(error_of({"save", "--count=-1"}),
            "invalid argument \"-1\" for \"--count\": must be a number");
  EXPECT_EQ(error_of({"save", "-n=[a]"}),
            "invalid argument \"[a]\" for \"--dry-run\": must be true or false");
  EXPECT_EQ(error_of({"save", "--dry-run="}),
            "invalid argument \"\" for \"--dry-run\": must be true or false");
  EXPECT_EQ(error_of({"save", "--json={}"}),
            "invalid argument \"{}\" for \"--json\": must be true or false");
  EXPECT_EQ(error_of({"-v=x", "save"}),
            "invalid argument \"x\" for \"--verbose\": must be a number");
}

TEST_F(CommandLine, ReportsTheFirstOfSeveralMistakes) {
  EXPECT_THAT(error_of({"save", "--foo", "--count", "x"}), HasSubstr("--foo"));
  EXPECT_THAT(error_of({"save", "--count", "x", "--foo"}), HasSubstr("--count"));
  EXPECT_THAT(error_of({"save", "--foo", "-e"}), HasSubstr("--foo"));
  EXPECT_THAT(error_of({"--foo", "sav"}), HasSubstr("--foo"));
  EXPECT_THAT(error_of({"sav", "--foo"}), HasSubstr("sav"));
  EXPECT_THAT(error_of({"save", "--help", "--foo"}), HasSubstr("--foo"));
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
