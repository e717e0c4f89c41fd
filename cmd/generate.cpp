#include "generate.hpp"

#include "commands.hpp"
#include "context.hpp"
#include "generate_completion.hpp"
#include "generate_man.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/json/json_object.hpp"
#include "medsave/sys/file_io.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace medsave::cli {
namespace {

constexpr unsigned kPublicFile = 0644;
constexpr unsigned kPublicFolder = 0755;

struct GenerateOptions {
  std::string bash = {};
  std::string zsh = {};
  std::string fish = {};
  std::string powershell = {};
  std::string man = {};
};

void write_text(const std::string& file, const std::string& text, std::vector<std::string>& written,
                Context& context) {
  if (file == "-") {
    context.console.write(text);
    return;
  }
  write_file_durably(file, as_bytes(text), kPublicFile);
  written.push_back(file);
  context.info(format_text(_("wrote {}"), file));
}

void write_man_pages(const Command& root, const std::string& folder,
                     std::vector<std::string>& written, Context& context) {
  make_directories(folder, kPublicFolder);
  for (const Command* command : documented_commands(root)) {
    write_text(folder + "/" + man_page_name(*command), man_page(*command), written, context);
  }
}

void run_generate(const GenerateOptions& options, const Command& root, Context& context) {
  const GenerateOptions& o = options;
  if (o.bash.empty() && o.zsh.empty() && o.fish.empty() && o.powershell.empty() && o.man.empty()) {
    throw Error(Errc::usage, _("nothing to do, please specify at least one output file/dir"));
  }
  const std::vector<std::pair<std::string, std::string (*)(const Command&)>> scripts = {
      {o.bash, bash_completion},
      {o.zsh, zsh_completion},
      {o.fish, fish_completion},
      {o.powershell, powershell_completion}};
  if (context.global.json &&
      std::ranges::any_of(scripts, [](const auto& script) { return script.first == "-"; })) {
    throw Error(Errc::usage, _("a script on standard output and --json exclude each other: name a "
                               "file for the script; nothing was written"));
  }
  std::vector<std::string> written;
  for (const auto& [file, script] : scripts) {
    if (!file.empty()) write_text(file, script(root), written, context);
  }
  if (!o.man.empty()) write_man_pages(root, o.man, written, context);
  context.report(JsonObject("summary").add("files", written));
}

}  // namespace

std::vector<const Command*> documented_commands(const Command& root) {
  std::vector<const Command*> out = {&root};
  for (const Command& command : root.commands()) {
    const auto below = documented_commands(command);
    out.insert(out.end(), below.begin(), below.end());
  }
  return out;
}

void add_generate(Command& root) {
  auto options = std::make_shared<GenerateOptions>();
  Command& command = root.add_command("generate", _("Write shell completions and manual pages"));
  command.describe(_(
      "Writes completion scripts for shells and manual pages. Both are made from the program's own "
      "definitions of its options, in the language in use (--lang)."));
  command
      .option("bash-completion", _("FILE"), options->bash,
              _("completion for bash; - is standard output"))
      .kind = ValueKind::file;
  command
      .option("zsh-completion", _("FILE"), options->zsh,
              _("completion for zsh; - is standard output"))
      .kind = ValueKind::file;
  command
      .option("fish-completion", _("FILE"), options->fish,
              _("completion for fish; - is standard output"))
      .kind = ValueKind::file;
  command
      .option("powershell-completion", _("FILE"), options->powershell,
              _("completion for PowerShell; - is standard output"))
      .kind = ValueKind::file;
  command.option("man", _("FOLDER"), options->man, _("folder for manual pages")).kind =
      ValueKind::directory;
  command.examples({{"medsave generate --bash-completion /etc/bash_completion.d/medsave",
                     _("complete commands and options with the Tab key")}});
  command.run([options, &root](Context& context, const std::vector<std::string>& arguments) {
    if (!arguments.empty()) throw Error(Errc::usage, _("generate takes no arguments"));
    run_generate(*options, root, context);
  });
}

}  // namespace medsave::cli
