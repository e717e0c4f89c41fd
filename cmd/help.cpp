#include "help.hpp"

#include "exit_codes.hpp"

#include "medsave/base/text.hpp"
#include "medsave/ui/display_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

namespace medsave::cli {
namespace {

constexpr std::size_t kMaxColumns = 100;  // longer lines are hard to read
constexpr std::size_t kMaxHead = 34;      // a longer head stands on a line of its own
constexpr std::size_t kCommandIndent = 2;

/// On a line of its own after an empty one.
void append_heading(std::string& out, const std::string& title) {
  out += "\n" + format_text(_("{}:"), title) + "\n";  // with a space before it in French
}

void append_entry(std::string& out, const std::string& head, const std::string& text,
                  std::size_t head_columns, std::size_t columns) {
  const std::size_t indent = head_columns + 4;
  out += "  ";
  if (display_width(head) > head_columns) {
    out.append(head).append("\n").append(indent, ' ');
  } else {
    out.append(pad_to_width(head, head_columns)).append("  ");
  }
  out += wrap_text(text, columns, indent);
  out += '\n';
}

void append_options(std::string& out, const Command& command, std::size_t columns) {
  const std::size_t most = std::min(kMaxHead, columns / 2);
  std::size_t head_columns = 0;
  for (const Option& option : command.option_list()) {
    const std::size_t width = display_width(option_head(option));
    if (width <= most) head_columns = std::max(head_columns, width);
  }
  const std::string* group = nullptr;
  for (const Option& option : command.option_list()) {
    if (group == nullptr || *group != option.group) {
      append_heading(out, option.group.empty() ? _("Options") : option.group);
      group = &option.group;
    }
    append_entry(out, option_head(option), option_text(option), head_columns, columns);
  }
}

void append_commands(std::string& out, const Command& command, std::size_t columns) {
  if (command.commands().empty()) return;
  append_heading(out, _("Commands"));
  std::size_t head_columns = 0;
  for (const Command& c : command.commands()) {
    head_columns = std::max(head_columns, display_width(c.name()));
  }
  for (const Command& c : command.commands()) {
    append_entry(out, c.name(), c.summary(), head_columns, columns);
  }
}

void append_exit_codes(std::string& out, const Command& command, std::size_t columns) {
  if (!command.runs()) return;
  append_heading(out, _("Exit status"));
  for (const int code : all_exit_codes(command)) {
    append_entry(out, fmt::format("{:>3}", code), exit_code_text(code), 3, columns);
  }
}

/// A command line that can be copied as it is: the lines of one that is too wide end with a
/// backslash. It does not break inside quotes.
std::string shell_lines(const std::string& line, std::size_t columns, std::size_t indent) {
  std::string out;
  std::size_t used = 0;
  std::size_t start = 0;
  while (start < line.size()) {
    bool quoted = false;
    std::size_t end = start;
    for (; end < line.size() && (quoted || line[end] != ' '); ++end) {
      if (line[end] == '\'' || line[end] == '"') quoted = !quoted;
    }
    const std::string word = line.substr(start, end - start);
    const std::size_t width = display_width(word);
    constexpr std::size_t kBackslash = 2;
    if (!out.empty() && used + 1 + width + (end < line.size() ? kBackslash : 0) > columns) {
      out.append(" \\\n").append(indent, ' ');
      used = indent;
    } else if (!out.empty()) {
      out += ' ';
      ++used;
    } else {
      used = kCommandIndent;
    }
    out += word;
    used += width;
    start = end + 1;
  }
  return out;
}

void append_examples(std::string& out, const Command& command, std::size_t columns) {
  if (command.example_list().empty()) return;
  append_heading(out, _("Examples"));
  for (const Example& example : command.example_list()) {
    out += fmt::format("  {}\n      {}\n", shell_lines(example.line, columns, 4),
                       wrap_text(example.text, columns, 6));
  }
}

}  // namespace

std::string usage_line(const Command& command) {
  std::string line = command.full_name();
  line += fmt::format(" [{}]", _("options"));
  if (!command.commands().empty()) line += fmt::format(" {}", _("COMMAND"));
  if (!command.argument_text().empty()) line += " " + command.argument_text();
  return line;
}

std::string option_head(const Option& option) {
  std::string head = option.letter != '\0' ? fmt::format("-{}, ", option.letter) : "    ";
  head += "--" + option.name;
  if (option.takes_value()) head += " " + option.value_name;
  return head;
}

std::string option_text(const Option& option) {
  if (option.environment.empty()) return option.text;
  return format_text(_("{} (variable: MEDSAVE_{})"), option.text, option.environment);
}

std::vector<int> all_exit_codes(const Command& command) {
  std::vector<int> codes = command.exit_code_list();
  codes.insert(codes.begin(), {kExitOk, kExitFailed});
  codes.push_back(kExitInterrupted);
  return codes;
}

std::string help_text(const Command& command, unsigned columns) {
  const std::size_t width = std::clamp<std::size_t>(columns, 40, kMaxColumns);
  std::string out = wrap_text(command.summary(), width, 0) + "\n";
  if (!command.description().empty()) {
    out += "\n" + wrap_text(command.description(), width, 0) + "\n";
  }
  append_heading(out, _("Usage"));
  out += "  " + wrap_text(usage_line(command), width, 4) + "\n";
  append_commands(out, command, width);
  append_options(out, command, width);
  append_exit_codes(out, command, width);
  append_examples(out, command, width);
  const std::string more =
      command.parent() == nullptr
          ? format_text(_("\"{} COMMAND --help\" tells more about a command"), command.name())
          : format_text(_("Options of all commands (-r, -p, -v, --json, ...): \"{} --help\""),
                        command.full_name().substr(0, command.full_name().find(' ')));
  return out + "\n" + wrap_text(more, width, 0) + "\n";
}

}  // namespace medsave::cli
