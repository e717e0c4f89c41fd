#include "generate_man.hpp"

#include "exit_codes.hpp"
#include "help.hpp"

#include "medsave/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace medsave::cli {
namespace {

/// Escapes text for roff: no line begins a request, and hyphens stay ASCII.
std::string roff(std::string_view text) {
  std::string out;
  bool line_start = true;
  for (const char c : text) {
    if (line_start && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else if (c == '"') {
      out += "\\(dq";
    } else {
      out += c;
    }
    line_start = c == '\n';
  }
  return out;
}

std::string bold(std::string_view text) { return "\\fB" + roff(text) + "\\fR"; }
std::string italic(std::string_view text) { return "\\fI" + roff(text) + "\\fR"; }

void heading(std::string& out, const std::string& text) { out += ".SH " + roff(text) + "\n"; }

/// Paragraphs are separated by blank lines in the texts; other ends of lines are those of lists.
void paragraphs(std::string& out, std::string_view text) {
  const char* begin = ".PP\n";
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    out += begin + roff(text.substr(0, end)) + "\n";
    text.remove_prefix(std::min(end + 1, text.size()));
    begin = text.starts_with('\n') ? ".PP\n" : ".br\n";
    if (text.starts_with('\n')) text.remove_prefix(1);
  }
}

void entry(std::string& out, const std::string& head, std::string_view text) {
  out += ".TP\n" + head + "\n" + roff(text) + "\n";
}

std::string man_option_head(const Option& option) {
  std::string head;
  if (option.letter != '\0') head = bold(std::string("-") + option.letter) + ", ";
  head += bold("--" + option.name);
  if (option.takes_value()) head += " " + italic(option.value_name);
  return head;
}

void append_options(std::string& out, const Command& command) {
  if (command.option_list().empty()) return;
  heading(out, _("OPTIONS"));
  const std::string* group = nullptr;
  for (const Option& option : command.option_list()) {
    if (!option.group.empty() && (group == nullptr || *group != option.group)) {
      out += ".SS " + roff(option.group) + "\n";
    }
    group = &option.group;
    entry(out, man_option_head(option), option_text(option));
  }
}

void append_commands(std::string& out, const Command& command) {
  if (command.commands().empty()) return;
  heading(out, _("COMMANDS"));
  for (const Command& c : command.commands()) entry(out, bold(c.name()), c.summary());
}

void append_exit_status(std::string& out, const Command& command) {
  heading(out, _("EXIT STATUS"));
  std::vector<int> codes = {kExitOk,     kExitFailed,        kExitIncomplete, kExitNoRepository,
                            kExitLocked, kExitWrongPassword, kExitInterrupted};
  if (command.runs()) codes = all_exit_codes(command);
  for (const int code : codes) entry(out, bold(std::to_string(code)), exit_code_text(code));
}

void append_environment(std::string& out, const Command& command) {
  std::string entries;
  for (const Option& option : command.option_list()) {
    if (option.environment.empty()) continue;
    entry(entries, bold("MEDSAVE_" + option.environment),
          format_text(_("default of --{}; if unset, RESTIC_{} counts"), option.name,
                      option.environment));
  }
  if (command.parent() == nullptr) {
    entry(
        entries, bold("MEDSAVE_PASSWORD"),
        _("the repository's password itself, if nothing else says where it is; other users of the "
          "computer cannot see it, but a password file is safer"));
    entry(entries, bold("MEDSAVE_REST_USERNAME") + ", " + bold("MEDSAVE_REST_PASSWORD"),
          _("user and password that a REST server asks for, if the location does not name them; if "
            "unset, RESTIC_REST_USERNAME and RESTIC_REST_PASSWORD count"));
    entry(entries, bold("MEDSAVE_PROGRESS_FPS"),
          _("how many times a second progress is shown; also makes it appear where output is not a "
            "terminal"));
    entry(entries, bold("MEDSAVE_LANG"), _("language of the messages: en or fr"));
    entry(entries, bold("NO_COLOR"), _("if set, no colours are used"));
  }
  if (entries.empty()) return;
  heading(out, _("ENVIRONMENT"));
  out += entries;
}

void append_examples(std::string& out, const Command& command) {
  if (command.example_list().empty()) return;
  heading(out, _("EXAMPLES"));
  for (const Example& example : command.example_list()) {
    entry(out, bold(example.line), example.text);
  }
}

std::string page_title(const Command& command) {
  std::string title = command.full_name();
  std::ranges::replace(title, ' ', '-');
  return title;
}

void append_see_also(std::string& out, const Command& command) {
  std::vector<std::string> pages;
  if (command.parent() != nullptr) pages.push_back(page_title(*command.parent()));
  for (const Command& c : command.commands()) pages.push_back(page_title(c));
  if (command.parent() != nullptr) {
    for (const Command& c : command.parent()->commands()) {
      if (&c != &command && command.parent()->parent() != nullptr) pages.push_back(page_title(c));
    }
  }
  heading(out, _("SEE ALSO"));
  std::string line;
  for (const std::string& page : pages) {
    line += (line.empty() ? "" : ",\n") + bold(page) + "(1)";
  }
  out += line + "\n";
}

}  // namespace

std::string man_page_name(const Command& command) { return page_title(command) + ".1"; }

std::string man_page(const Command& command) {
  std::string title = page_title(command);
  std::ranges::transform(title, title.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  });
  // No date: the pages are kept with the sources and must not differ from day to day.
  std::string out = fmt::format(".\\\" {}\n.TH {} 1 \"\" medsave \"{}\"\n.nh\n",
                                _("Written by \"medsave generate --man\"; do not edit"),
                                roff(title), _("medsave manual"));
  heading(out, _("NAME"));
  out += roff(page_title(command)) + " \\- " + roff(command.summary()) + "\n";
  heading(out, _("SYNOPSIS"));
  std::string usage = usage_line(command);
  const std::string name = command.full_name();
  out += bold(name) + roff(usage.substr(name.size())) + "\n";
  heading(out, _("DESCRIPTION"));
  paragraphs(out, command.description().empty() ? command.summary() : command.description());
  append_commands(out, command);
  append_options(out, command);
  if (command.parent() != nullptr) {
    heading(out, _("GLOBAL OPTIONS"));
    out +=
        roff(_("Every command takes further options, such as --repo and --password-file. They are "
               "described in medsave(1)."));
    out += "\n";
  }
  append_exit_status(out, command);
  append_environment(out, command);
  append_examples(out, command);
  append_see_also(out, command);
  return out;
}

}  // namespace medsave::cli
