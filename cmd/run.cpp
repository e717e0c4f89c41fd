#include "run.hpp"

#include "command_line_parser.hpp"
#include "commands.hpp"
#include "context.hpp"
#include "exit_codes.hpp"
#include "help.hpp"
#include "log_file.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/error_in_lines.hpp"
#include "medsave/base/text.hpp"
#include "medsave/json/json_object.hpp"
#include "medsave/sys/fd.hpp"
#include "medsave/sys/file_io.hpp"
#include "medsave/ui/display_text.hpp"

#include <algorithm>
#include <exception>
#include <memory>
#include <new>

namespace medsave::cli {
namespace {

void define_program(Command& root, Identity identity, GlobalOptions& options) {
  root.describe(
      _("medsave keeps encrypted, deduplicated backups in restic's repository format: what one of "
        "the two programs writes, the other reads. Without its password a repository cannot be "
        "read by anybody; keep a copy of the password outside the practice."));
  root.examples({{"medsave -r /media/usb/medsave init", _("make a repository")},
                 {_("medsave -r /media/usb/medsave backup /srv/practice"), _("back up a folder")},
                 {_("medsave -r /media/usb/medsave restore latest --target ~/restored"),
                  _("get everything back")}});
  add_global_options(root, options);
  add_init(root);
  add_backup(root);
  add_restore(root);
  add_snapshots(root);
  add_ls(root);
  add_find(root);
  add_diff(root);
  add_dump(root);
  add_stats(root);
  add_mount(root);
  add_check(root);
  add_forget(root);
  add_prune(root);
  add_copy(root);
  add_tag(root);
  add_rewrite(root);
  add_repair(root);
  add_recover(root);
  add_migrate(root);
  add_key(root);
  add_unlock(root);
  add_cat(root);
  add_list(root);
  add_cache(root);
  if (identity == Identity::medsave) add_config(root);  // restic has none
  add_options(root);
  add_features(root);
  add_generate(root);
  add_version(root);
}

/// `kind`: stable name of the kind of failure, for programs.
int fail(Console& console, bool json, int code, std::string_view kind, const std::string& message) {
  if (json) {
    console.print_err(JsonObject("exit_error")
                          .add("code", code)
                          .add("error", kind)
                          .add("message", message)
                          .text());
  } else {
    console.warn_lines(message);
  }
  return code;
}

/// What `failure` says. A newline in a name does not begin a line, which could say anything.
std::string message_of(const std::exception& failure, bool json) {
  const bool in_lines = json || dynamic_cast<const ErrorInLines*>(&failure) != nullptr;
  return in_lines ? failure.what() : escape_for_terminal(failure.what());
}

std::string fatal(const Context& context, const std::string& message, Errc code = Errc::internal) {
  // restic prints the error of a locked repository without "Fatal: ".
  const bool bare = context.identity == Identity::restic && code == Errc::locked;
  std::string text = bare ? message : fatal_text(message);
  if (!context.outcome().empty() && !context.outcome_told()) text += "\n" + context.outcome();
  return text;
}

void begin_log(const Command& command, Context& context) {
  const auto log = std::make_shared<LogFile>(context.global.log);
  context.console.copy_lines_to([log](std::string_view line) { log->add(line); });
  context.log = log;
  context.console.log(format_text(_("{} begins"), command.full_name()));
}

/// Warns when MEDSAVE_LANG names a language that has no catalogue. The locale may name any.
void warn_of_unknown_language(Context& context) {
  const std::string wanted = environment_value("LANG");
  if (!context.global.language.empty() || wanted.empty() || is_known_language(wanted)) return;
  context.warn(format_text(_("MEDSAVE_LANG={}: messages are in en or fr only"),
                           escape_for_terminal(wanted)));
}

void run_parsed(const Command& root, const ParsedLine& line, Context& context) {
  const Command& command = *line.command;
  if (context.identity == Identity::medsave) warn_of_unknown_language(context);
  if (line.help || !command.runs()) {
    context.console.write(help_text(command, context.console.width()));
    // Without a subcommand there is nothing to do, but for the bare program that is no mistake.
    if (!line.help && &command != &root) {
      throw Error(Errc::usage,
                  format_text(_("{}: please specify what to do"), command.full_name()));
    }
    return;
  }
  if (context.global.quiet && context.global.verbose > 0) {
    throw Error(Errc::usage, _("--quiet and --verbose cannot be specified at the same time"));
  }
  if (context.global.no_color) context.console.disable_colour();
  if (!context.global.log.empty()) begin_log(command, context);
  command.call(context, line.arguments);
}

/// An incomplete log is only a warning: it does not change the exit code.
void end_log(int code, Context& context) {
  if (!context.log) return;
  context.console.log(format_text(_("ended with exit status {}"), code));
  context.console.copy_lines_to({});
  if (context.log->failure().empty()) return;
  context.warn(format_text(_("the log is incomplete: {}"), context.log->failure()));
}

/// The one place where errors become exit codes.
template <typename Action>
int guarded(Context& context, bool json, const Action& action) {
  Console& console = context.console;
  try {
    try {
      action();
    } catch (const Interrupted&) {
      context.explain_lost_lock();
      throw;
    }
    context.close();
    return kExitOk;
  } catch (const CommandFailed& e) {
    const char* kind = e.exit_code() == kExitIncomplete ? "incomplete" : "failed";
    return fail(console, json, e.exit_code(), kind, message_of(e, json));
  } catch (const Error& e) {
    if (context.is_interruption(e)) {
      return fail(console, json, kExitInterrupted, "interrupted",
                  fatal(context, with_colon(_("interrupted"), message_of(e, json))));
    }
    return fail(console, json, exit_code_of(e.code()), errc_name(e.code()),
                fatal(context, message_of(e, json), e.code()));
  } catch (const Interrupted&) {
    context.tell_of_interruption();
    context.tell_untouched();
    return fail(console, json, kExitInterrupted, "interrupted",
                fatal(context, context.nothing_begun() ? _("interrupted; nothing was done")
                                                       : _("interrupted")));
  } catch (const std::bad_alloc&) {
    return fail(console, json, kExitFailed, "no-memory", fatal(context, _("not enough memory")));
  } catch (const std::exception& e) {
    return fail(console, json, kExitFailed, errc_name(Errc::internal),
                fatal(context, format_text(_("internal error: {}"), message_of(e, json))));
  }
}

/// The exit code when not all that was printed has arrived.
int output_is_lost(Context& context, bool json, int code) {
  const int failed = code == kExitOk ? kExitFailed : code;
  if (!context.outcome().empty()) {
    return fail(context.console, json, failed, "output",
                with_semicolon(context.outcome(),
                               _("only the report of it could not be written to standard output")));
  }
  // When the reader of a pipe has gone (`medsave ls | head`), there is no message.
  if (reader_is_gone(kStandardOutput)) return failed;
  return fail(context.console, json, failed, "output",
              fatal(context, _("cannot write to standard output")));
}

}  // namespace

bool wants_json(const std::vector<std::string>& arguments) {
  const auto end = std::ranges::find(arguments, "--");
  return std::find(arguments.begin(), end, "--json") != end;
}

int refuse(const std::vector<std::string>& arguments, Console& console, const Error& why) {
  const bool json = wants_json(arguments);
  return fail(console, json, exit_code_of(why.code()), errc_name(why.code()),
              fatal_text(message_of(why, json)));
}

int run(Identity identity, const std::vector<std::string>& arguments, Console& console,
        const std::stop_token& stop) {
  Context context(identity, console, stop);
  Command root(program_name(identity),
               _("Backups for medical practices, in restic's repository format"));
  define_program(root, identity, context.global);
  const bool json = wants_json(arguments);
  const int code = guarded(context, json,
                           [&] { run_parsed(root, parse_command_line(root, arguments), context); });
  context.close();
  const int shown = Console::flush_standard_out() ? code : output_is_lost(context, json, code);
  end_log(shown, context);
  return shown;
}

}  // namespace medsave::cli
