#include "generate.hpp"

#include "generate_completion.hpp"
#include "generate_man.hpp"
#include "help.hpp"

#include <gmock/gmock.h>

namespace medsave::cli {
namespace {

using testing::HasSubstr;

/// One command with every kind of option.
class Generate : public testing::Test {
 protected:
  Generate() {
    root.flag("json", flag, "write JSON");
    Command& save = root.add_command("save", "Save it's files");
    save.describe("First paragraph.\n\n.second, with -- a \"quote\" and \\");
    save.arguments("[FILE]...", ValueKind::file);
    Option& mode = save.option("mode,m", "MODE", text, "how [fast]");
    mode.kind = ValueKind::choice;
    mode.choices = {"slow", "fast"};
    save.option("target", "FOLDER", text, "where").kind = ValueKind::directory;
    save.option("name", "NAME", text, "what").environment = "NAME";
    save.exit_codes({3});
    save.examples({{"medsave save x", "saves x"}});
    save.run([](Context&, const std::vector<std::string>&) {});
  }

  bool flag = false;
  std::string text;
  Command root{"medsave", "A program"};
};

TEST_F(Generate, HelpNamesEverything) {
  const std::string help = help_text(root.commands().front(), 80);
  for (const char* part : {"Save it's files", "medsave save [options] [FILE]...", "-m, --mode MODE",
                           "(variable: MEDSAVE_NAME)", "  3  ", "130", "medsave save x"}) {
    EXPECT_THAT(help, HasSubstr(part));
  }
}

TEST_F(Generate, HelpBreaksExamplesSoThatTheyCanBeCopied) {
  Command program("medsave", "A program");
  program.examples(
      {{"medsave save --name 'some long name' --target /srv/practice/letters -- x", "y"}});
  EXPECT_THAT(help_text(program, 50),
              HasSubstr("\n  medsave save --name 'some long name' --target \\\n"
                        "    /srv/practice/letters -- x\n"));
}

TEST_F(Generate, CompletesTheProgramByTheNameItIsCalledBy) {
  Command restic("restic", "A program");
  restic.add_command("save", "Save files").run([](Context&, const std::vector<std::string>&) {});
  EXPECT_THAT(bash_completion(restic), HasSubstr("complete -F _restic restic\n"));
  EXPECT_THAT(bash_completion(restic), HasSubstr("local path=restic word"));
  EXPECT_THAT(powershell_completion(restic), HasSubstr("-CommandName restic "));
  EXPECT_THAT(powershell_completion(restic), HasSubstr("$path = 'restic'"));
  EXPECT_THAT(fish_completion(restic), HasSubstr("complete -c restic -f"));
  EXPECT_THAT(zsh_completion(restic), HasSubstr("#compdef restic\n"));
  EXPECT_THAT(zsh_completion(restic), HasSubstr("\n_restic \"$@\"\n"));
  for (const auto& script : {bash_completion(restic), powershell_completion(restic),
                             fish_completion(restic), zsh_completion(restic)}) {
    EXPECT_EQ(script.find("medsave"), std::string::npos) << script;
  }
}

TEST_F(Generate, ManPagesNeverStartALineWithARequestByAccident) {
  const std::string page = man_page(root.commands().front());
  EXPECT_THAT(page, HasSubstr("\n\\&.second, with \\-\\- a \\(dqquote\\(dq and \\e\n"));
  EXPECT_THAT(page, HasSubstr("\\fB\\-m\\fR, \\fB\\-\\-mode\\fR \\fIMODE\\fR"));
  EXPECT_THAT(page, HasSubstr("MEDSAVE_NAME"));
  EXPECT_EQ(man_page_name(root.commands().front()), "medsave-save.1");
}

TEST_F(Generate, BashCompletesValuesOptionsAndArguments) {
  const std::string script = bash_completion(root);
  EXPECT_THAT(script, HasSubstr("--mode|-m) COMPREPLY=($(compgen -W 'slow fast' -- \"$cur\"))"));
  EXPECT_THAT(script, HasSubstr("--target) _medsave_files -d; return ;;"));
  EXPECT_THAT(script, HasSubstr("--mode -m --target --name --json --help"));
}

TEST_F(Generate, ZshAndFishQuoteTheTexts) {
  EXPECT_THAT(zsh_completion(root), HasSubstr("'save:Save it'\\''s files'"));
  EXPECT_THAT(zsh_completion(root), HasSubstr("'*--mode=[how \\[fast\\]]:MODE:(slow fast)'"));
  EXPECT_THAT(fish_completion(root), HasSubstr("-a save -d 'Save it\\'s files'"));
}

TEST_F(Generate, PowerShellKnowsWhatMayFollow) {
  const std::string script = powershell_completion(root);
  EXPECT_THAT(script, HasSubstr("'medsave' = @{ words = @('save'); options = @('--json')"));
  EXPECT_THAT(script,
              HasSubstr("'medsave save' = @{ words = @(); options = @('--mode', '--target', "
                        "'--name', '--json'); values = @{ '--mode' = @('slow', 'fast'); "
                        "'--target' = @(); '--name' = @(); } }"));
}

TEST_F(Generate, DocumentsEveryCommand) { EXPECT_EQ(documented_commands(root).size(), 2U); }

}  // namespace
}  // namespace medsave::cli
