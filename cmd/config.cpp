#include "command_line.hpp"
#include "commands.hpp"
#include "config_facts.hpp"
#include "context.hpp"
#include "exit_codes.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/system.hpp"
#include "medsave/base/text.hpp"
#include "medsave/config/config_file.hpp"
#include "medsave/config/config_reading.hpp"
#include "medsave/config/config_warnings.hpp"
#include "medsave/json/json_object.hpp"
#include "medsave/sys/host.hpp"
#include "medsave/ui/display_text.hpp"
#include "medsave/ui/table.hpp"

#include <memory>

namespace medsave::cli {
namespace {

std::vector<std::string> usual_places() {
  return config_candidates(environment("XDG_CONFIG_HOME").value_or(""), home_directory());
}

std::string enumerated(const std::vector<std::string>& paths) {
  std::string out;
  for (const std::string& path : paths) {
    if (!out.empty()) out += ", ";
    out += path;
  }
  return out;
}

/// The configuration that `named` or the usual places have. Throws Error(not_found).
std::string chosen_config(const std::optional<std::string>& named) {
  if (named && named->empty()) throw Error(Errc::usage, _("--config names no file"));
  const std::vector<std::string> places = named ? std::vector<std::string>{*named} : usual_places();
  if (const auto found = find_config(places)) return *found;
  if (named) throw Error(Errc::not_found, format_text(_("there is no configuration {}"), *named));
  throw Error(Errc::not_found,
              format_text(_("there is no configuration; looked for: {}. Write one, or name it with "
                            "--config."),
                          enumerated(places)));
}

/// "FILE:12:3: " for editors and people; without numbers where a problem is nowhere in it.
std::string location_of(const std::string& file, const ConfigPlace& place) {
  if (place.line == 0) return file + ": ";
  return fmt::format("{}:{}:{}: ", file, place.line, place.column);
}

JsonObject object_of(const char* type, const ConfigProblem& problem) {
  return JsonObject(type)
      .add("line", problem.place.line)
      .add("column", problem.place.column)
      .add("key", problem.key)
      .add("code", problem.code)
      .add("message", problem.message);
}

void tell_error(const std::string& file, const ConfigProblem& problem, Context& context) {
  if (context.global.json) {
    context.report(object_of("config_error", problem));
  } else {
    context.warn(location_of(file, problem.place) + problem.message);
  }
}

void tell_warning(const std::string& file, const ConfigWarning& warning, Context& context) {
  if (context.global.json) {
    context.report(object_of("config_warning", warning));
  } else {
    context.warn(location_of(file, warning.place) + with_colon(_("warning"), warning.message));
  }
}

ConfigReading read_file_at(const std::string& file, Context& context) {
  ConfigReading reading = read_config(load_config_text(file), home_directory());
  for (const ConfigProblem& problem : reading.problems) tell_error(file, problem, context);
  return reading;
}

void summarise(const std::string& file, std::size_t errors, std::size_t warnings,
               Context& context) {
  context.report(
      JsonObject("summary").add("file", file).add("errors", errors).add("warnings", warnings));
}

[[noreturn]] void refuse(const std::string& file, unsigned long errors) {
  throw CommandFailed(kExitFailed,
                      fatal_text(format_text(
                          n_("{} has {} error; it cannot be used until that is mended",
                             "{} has {} errors; it cannot be used until they are mended", errors),
                          escape_for_terminal(file), errors)));
}

void run_check(const std::optional<std::string>& named, Context& context) {
  const std::string file = chosen_config(named);
  const ConfigReading reading = read_file_at(file, context);
  if (!reading.problems.empty()) {
    summarise(file, reading.problems.size(), 0, context);
    refuse(file, reading.problems.size());
  }
  const std::vector<ConfigWarning> warnings =
      config_warnings(reading, look_at_config(reading.config));
  for (const ConfigWarning& warning : warnings) tell_warning(file, warning, context);
  summarise(file, 0, warnings.size(), context);
  if (warnings.empty()) {
    context.info(format_text(_("{} is in order"), file));
    return;
  }
  const unsigned long count = warnings.size();
  context.info(
      format_text(n_("{} can be used, with {} warning", "{} can be used, with {} warnings", count),
                  file, count));
}

void show_json(const std::string& file, const ConfigReading& reading, Context& context) {
  for (const ConfigEntry& entry : reading.entries) {
    JsonObject out("config_value");
    out.add("key", entry.key).add_json("value", entry.value);
    if (entry.place.line == 0) {
      out.add("source", "default");
    } else {
      out.add("source", "file").add("file", file).add("line", entry.place.line);
    }
    context.report(out);
  }
  context.report(JsonObject("summary").add("file", file).add("values", reading.entries.size()));
}

void show_table(const std::string& file, const ConfigReading& reading, Context& context) {
  Table table;
  table.add_column({.heading = _("Key")});
  table.add_column({.heading = _("Value"), .wraps = true});
  table.add_column({.heading = _("From")});
  const std::string name = file.substr(file.rfind('/') + 1);
  for (const ConfigEntry& entry : reading.entries) {
    const bool set = entry.place.line != 0;
    table.add_row(
        {entry.key, entry.value == "null" ? "-" : escape_for_terminal(entry.value),
         set ? fmt::format("{}:{}", escape_for_terminal(name), entry.place.line) : _("default")});
  }
  table.add_footer(escape_for_terminal(file));
  context.print(table);
}

void run_show(const std::optional<std::string>& named, Context& context) {
  const std::string file = chosen_config(named);
  const ConfigReading reading = read_file_at(file, context);
  if (!reading.problems.empty()) refuse(file, reading.problems.size());
  if (context.global.json) {
    show_json(file, reading, context);
  } else {
    show_table(file, reading, context);
  }
}

void run_path(const std::optional<std::string>& named, Context& context) {
  const std::string file = chosen_config(named);
  context.report(JsonObject("config_path").add("path", file));
  if (!context.global.json) context.console.print(escape_for_terminal(file));
}

using Action = void (*)(const std::optional<std::string>& named, Context& context);

/// A subcommand; all of them have the same option and no arguments.
Command& add_part(Command& config, const std::string& name, const std::string& summary,
                  Action action) {
  auto named = std::make_shared<std::optional<std::string>>();
  Command& command = config.add_command(name, summary);
  Option& file = command.parsed(
      "config", _("FILE"), [named](const std::string& text) { *named = text; },
      _("the configuration (default: the first that there is of "
        "~/.config/medsave/medsave.toml and /etc/medsave/medsave.toml)"));
  file.environment = "CONFIG";
  file.kind = ValueKind::file;
  command.run(
      [named, action, &command](Context& context, const std::vector<std::string>& arguments) {
        if (!arguments.empty()) {
          throw Error(Errc::usage, format_text(_("{} takes no arguments"), command.full_name()));
        }
        action(*named, context);
      });
  return command;
}

}  // namespace

void add_config(Command& root) {
  Command& config = root.add_command("config", _("Check and show the practice's configuration"));
  config.describe(
      _("One file says what a practice backs up, where to, what is kept and when it is too late: "
        "medsave.toml(5) describes it. Today it is checked and shown; the backup that goes by it "
        "comes with a later version."));
  add_part(config, "check", _("Check the configuration"), run_check)
      .describe(
          _("Reads the configuration and reports all its errors at once, with line and column, and "
            "what is allowed but unwise. Warnings leave the exit code at 0."))
      .examples({{"medsave config check", _("before the night relies on it")},
                 {"medsave config check --config new.toml", _("before it replaces the old one")}});
  add_part(config, "show", _("Show what is in force"), run_show)
      .describe(
          _("Lists every key with its value and where that comes from: the line of the file, or "
            "the default. Passwords, what the password command is told and the path of the "
            "address that is pinged are not shown."))
      .examples({{"medsave config show", _("what would a run go by?")}});
  add_part(config, "path", _("Show which configuration is used"), run_path)
      .describe(
          _("Prints the path of the configuration that is used. Where there is none, says where it "
            "was looked for and fails."))
      .examples({{"medsave config path", _("which file is it?")}});
}

}  // namespace medsave::cli
