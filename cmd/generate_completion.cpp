#include "generate_completion.hpp"

#include "generate.hpp"

#include "medsave/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace medsave::cli {
namespace {

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  for (std::size_t at = text.find(what); at != std::string::npos;
       at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
  return text;
}

/// Inside single quotes of a POSIX shell.
std::string shell_quoted(const std::string& text) {
  return "'" + replaced(text, "'", "'\\''") + "'";
}

/// fish knows backslash escapes inside single quotes.
std::string fish_quoted(const std::string& text) {
  return "'" + replaced(replaced(text, "\\", "\\\\"), "'", "\\'") + "'";
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : " ") + word;
  return out;
}

std::vector<std::string> command_names(const Command& command) {
  std::vector<std::string> names;
  for (const Command& c : command.commands()) names.push_back(c.name());
  return names;
}

/// Options a command takes, the global ones included.
std::vector<const Option*> options_of(const Command& command) {
  std::vector<const Option*> out;
  for (const Command* c = &command; c != nullptr; c = c->parent()) {
    for (const Option& option : c->option_list()) out.push_back(&option);
  }
  return out;
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

// --- bash ---------------------------------------------------------------------------------------

std::string bash_words(const Command& command) {
  std::vector<std::string> words;
  for (const Option* option : options_of(command)) {
    words.push_back("--" + option->name);
    if (option->letter != '\0') words.push_back(std::string("-") + option->letter);
  }
  words.emplace_back("--help");
  return joined(words);
}

std::string bash_path_case(const Command& command) { return "'" + command.full_name() + "'"; }

/// What completes the value behind an option of this command.
std::string bash_values(const Command& command) {
  std::string out;
  for (const Option* option : options_of(command)) {
    if (!option->takes_value()) continue;
    std::string pattern = "--" + option->name;
    if (option->letter != '\0') pattern += std::string("|-") + option->letter;
    std::string action = ":";
    if (option->kind == ValueKind::choice) {
      action = fmt::format("COMPREPLY=($(compgen -W '{}' -- \"$cur\"))", joined(option->choices));
    } else if (option->kind == ValueKind::file) {
      action = "_medsave_files -f";
    } else if (option->kind == ValueKind::directory) {
      action = "_medsave_files -d";
    }
    out += fmt::format("        {}) {}; return ;;\n", pattern, action);
  }
  return out;
}

std::string bash_arguments(const Command& command) {
  if (!command.commands().empty()) {
    return fmt::format("COMPREPLY=($(compgen -W '{}' -- \"$cur\"))",
                       joined(command_names(command)));
  }
  switch (command.argument_kind()) {
    case ValueKind::choice:
      return fmt::format("COMPREPLY=($(compgen -W '{}' -- \"$cur\"))",
                         joined(command.argument_choices()));
    case ValueKind::file:
      return "_medsave_files -f";
    case ValueKind::directory:
      return "_medsave_files -d";
    case ValueKind::text:
      break;
  }
  return ":";
}

// --- zsh ----------------------------------------------------------------------------------------

/// Text inside the brackets of an _arguments specification.
std::string zsh_text(const std::string& text) {
  std::string out = replaced(first_line(text), "\\", "\\\\");
  for (const char* special : {"[", "]", ":"}) {
    out = replaced(out, special, std::string("\\") + special);
  }
  return out;
}

std::string zsh_action(ValueKind kind, const std::vector<std::string>& choices) {
  switch (kind) {
    case ValueKind::file:
      return "_files";
    case ValueKind::directory:
      return "_files -/";
    case ValueKind::choice:
      return "(" + joined(choices) + ")";
    case ValueKind::text:
      break;
  }
  return " ";
}

std::string zsh_options(const Command& command) {
  std::string out;
  for (const Option* option : options_of(command)) {
    std::string value;
    if (option->takes_value()) {
      value = fmt::format(":{}:{}", zsh_text(option->value_name),
                          zsh_action(option->kind, option->choices));
    }
    const std::string text = "[" + zsh_text(option->text) + "]" + value;
    const char* equals = option->takes_value() ? "=" : "";
    out += fmt::format("    {} \\\n",
                       shell_quoted(fmt::format("*--{}{}{}", option->name, equals, text)));
    if (option->letter != '\0') {
      const char* plus = option->takes_value() ? "+" : "";
      out += fmt::format("    {} \\\n",
                         shell_quoted(fmt::format("*-{}{}{}", option->letter, plus, text)));
    }
  }
  return out;
}

std::string zsh_function_name(const Command& command) {
  return "_" + replaced(command.full_name(), " ", "_");
}

void append_zsh_function(std::string& out, const Command& command) {
  const bool is_group = !command.commands().empty();
  out += fmt::format("{}() {{\n", zsh_function_name(command));
  if (is_group) out += "  local line state\n";
  out += fmt::format("  _arguments -s -S{} \\\n{}", is_group ? " -C" : "", zsh_options(command));
  if (is_group) {
    out += "    '1: :->command' \\\n    '*::argument:->argument'\n  case $state in\n    command)\n";
    out += "      local -a commands=(\n";
    for (const Command& c : command.commands()) {
      out += fmt::format("        {}\n", shell_quoted(c.name() + ":" + zsh_text(c.summary())));
    }
    out +=
        "      )\n      _describe command commands\n      ;;\n    argument)\n      case $line[1] "
        "in\n";
    for (const Command& c : command.commands()) {
      out += fmt::format("        {}) {} ;;\n", c.name(), zsh_function_name(c));
    }
    out += "      esac\n      ;;\n  esac\n}\n\n";
  } else {
    out += fmt::format("    '*:argument:{}'\n}}\n\n",
                       zsh_action(command.argument_kind(), command.argument_choices()));
  }
  for (const Command& c : command.commands()) append_zsh_function(out, c);
}

// --- fish ---------------------------------------------------------------------------------------

/// How a line for the program begins.
std::string fish_complete(const Command& command) {
  const Command* root = &command;
  while (root->parent() != nullptr) root = root->parent();
  return "complete -c " + root->name();
}

std::string fish_option(const Command& command, const Option& option,
                        const std::string& condition) {
  std::string line = fish_complete(command);
  if (!condition.empty()) line += " -n " + fish_quoted(condition);
  if (option.letter != '\0') line += fmt::format(" -s {}", option.letter);
  line += " -l " + option.name;
  if (option.takes_value()) {
    line += " -r";
    if (option.kind == ValueKind::text) line += " -f";
    if (option.kind == ValueKind::directory) line += " -f -a '(__fish_complete_directories)'";
    if (option.kind == ValueKind::file) line += " -F";
    if (option.kind == ValueKind::choice) line += " -f -a " + fish_quoted(joined(option.choices));
  }
  return line + " -d " + fish_quoted(first_line(option.text)) + "\n";
}

/// True where the words typed so far lead to this command.
std::string fish_condition(const Command& command) {
  if (command.parent() == nullptr) return "__fish_use_subcommand";
  std::string condition = "__fish_seen_subcommand_from " + command.name();
  if (command.parent()->parent() != nullptr) {
    condition = "__fish_seen_subcommand_from " + command.parent()->name() + "; and " + condition;
  }
  return condition;
}

void append_fish(std::string& out, const Command& command) {
  const std::string here = fish_condition(command);
  for (const Option& option : command.option_list()) {
    out += fish_option(command, option, command.parent() == nullptr ? "" : here);
  }
  std::string condition = here;
  if (command.parent() != nullptr && !command.commands().empty()) {
    condition += "; and not __fish_seen_subcommand_from " + joined(command_names(command));
  }
  for (const Command& c : command.commands()) {
    out += fmt::format("{} -f -n {} -a {} -d {}\n", fish_complete(command), fish_quoted(condition),
                       c.name(), fish_quoted(first_line(c.summary())));
  }
  if (command.commands().empty()) {
    if (command.argument_kind() == ValueKind::choice) {
      out += fmt::format("{} -f -n {} -a {}\n", fish_complete(command), fish_quoted(here),
                         fish_quoted(joined(command.argument_choices())));
    } else if (command.argument_kind() == ValueKind::text) {
      out += fmt::format("{} -f -n {}\n", fish_complete(command), fish_quoted(here));
    }
  }
  for (const Command& c : command.commands()) append_fish(out, c);
}

// --- PowerShell ---------------------------------------------------------------------------------

/// PowerShell doubles a quote inside single quotes.
std::string powershell_quoted(const std::string& text) {
  return "'" + replaced(text, "'", "''") + "'";
}

std::string powershell_list(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ", ") + powershell_quoted(word);
  return "@(" + out + ")";
}

/// One entry of the table: what may follow the words that lead to the command.
std::string powershell_entry(const Command& command) {
  std::vector<std::string> options;
  std::string values;
  for (const Option* option : options_of(command)) {
    options.push_back("--" + option->name);
    if (!option->takes_value()) continue;
    // Where nothing is listed, PowerShell offers files.
    const std::string list = powershell_list(
        option->kind == ValueKind::choice ? option->choices : std::vector<std::string>());
    values += fmt::format("'--{}' = {}; ", option->name, list);
  }
  std::vector<std::string> words = command_names(command);
  if (command.argument_kind() == ValueKind::choice) words = command.argument_choices();
  return fmt::format("        {} = @{{ words = {}; options = {}; values = @{{ {}}} }}\n",
                     powershell_quoted(command.full_name()), powershell_list(words),
                     powershell_list(options), values);
}

}  // namespace

std::string bash_completion(const Command& root) {
  std::string out = R"(# bash completion for medsave, written by "medsave generate"

_medsave_files() {
    compopt -o filenames 2>/dev/null
    local IFS=$'\n'
    COMPREPLY=($(compgen "$1" -- "$cur"))
}

_medsave() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
    local path=medsave word i
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        case "$path $word" in
)";
  std::string known;
  for (const Command* command : documented_commands(root)) {
    if (command->parent() != nullptr)
      known += (known.empty() ? "" : "|") + bash_path_case(*command);
  }
  out += fmt::format("            {}) path=\"$path $word\" ;;\n", known);
  out += "        esac\n    done\n    case \"$path\" in\n";
  for (const Command* command : documented_commands(root)) {
    out += fmt::format("    {})\n        case \"$prev\" in\n{}        esac\n",
                       bash_path_case(*command), bash_values(*command));
    out += fmt::format(
        "        if [[ $cur == -* ]]; then\n            COMPREPLY=($(compgen -W '{}' -- "
        "\"$cur\"))\n        else\n            {}\n        fi ;;\n",
        bash_words(*command), bash_arguments(*command));
  }
  out += "    esac\n}\n\ncomplete -F _medsave medsave\n";
  return replaced(out, "medsave", root.name());  // there are names only, no texts
}

std::string zsh_completion(const Command& root) {
  std::string out = fmt::format(
      "#compdef {0}\n# zsh completion for {0}, written by \"{0} generate\"\n\n", root.name());
  append_zsh_function(out, root);
  return out + zsh_function_name(root) + " \"$@\"\n";
}

std::string fish_completion(const Command& root) {
  std::string out =
      fmt::format("# fish completion for {0}, written by \"{0} generate\"\n", root.name());
  append_fish(out, root);
  return out;
}

std::string powershell_completion(const Command& root) {
  std::string out = R"(# PowerShell completion for medsave, written by "medsave generate"

Register-ArgumentCompleter -Native -CommandName medsave -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $commands = @{
)";
  for (const Command* command : documented_commands(root)) out += powershell_entry(*command);
  out += R"(    }
    $before = @($commandAst.CommandElements | Where-Object { $_.Extent.EndOffset -lt $cursorPosition } |
        ForEach-Object { $_.ToString() })
    $path = 'medsave'
    foreach ($word in ($before | Select-Object -Skip 1)) {
        if ($commands.ContainsKey("$path $word")) { $path = "$path $word" }
    }
    $known = $commands[$path]
    $offered = $known.words
    if ($before.Count -gt 0 -and $known.values.ContainsKey($before[-1])) {
        $offered = $known.values[$before[-1]]
    } elseif ($wordToComplete.StartsWith('-')) {
        $offered = $known.options
    }
    $offered | Where-Object { $_.StartsWith($wordToComplete) } | Sort-Object -Unique |
        ForEach-Object { [System.Management.Automation.CompletionResult]::new($_) }
}
)";
  return replaced(out, "medsave", root.name());  // there are names only, no texts
}

}  // namespace medsave::cli
