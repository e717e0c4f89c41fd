#include "run.hpp"

#include "command_line.hpp"
#include "commands.hpp"
#include "context.hpp"
#include "exit_codes.hpp"
#include "help.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/sys/file_io.hpp"
#include "medsave/ui/json_object.hpp"

#include <unistd.h>

#include <algorithm>
#include <exception>
#include <new>

namespace medsave::cli {
namespace {

void define_program(Command& root, GlobalOptions& options) {
  root.describe(
      _("medsave keeps encrypted, deduplicated backups in restic's repository format: what one of "
        "the two programs writes, the other reads. Without its password a repository cannot be "
        "read by anybody; keep a copy of the password outside the practice."));
  root.examples({{"medsave -r /media/usb/backup init", _("make a repository")},
                 {"medsave -r /media/usb/backup backup /srv/practice", _("back up a folder")},
                 {"medsave -r /media/usb/backup restore latest --target /tmp/restored",
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
  add_options(root);
  add_generate(root);
  add_version(root);
}

/// Errors of parsing are told as JSON too, although no option has been read yet.
bool wants_json(const std::vector<std::string>& arguments) {
  const auto end = std::ranges::find(arguments, "--");
  return std::find(arguments.begin(), end, "--json") != end;
}

int fail(Console& console, bool json, int code, const std::string& message) {
  if (json) {
    console.warn(JsonObject("exit_error").add("code", code).add("message", message).text());
  } else {
    console.warn(message);
  }
  return code;
}

std::string fatal(const std::string& message) { return "Fatal: " + message; }

void run_parsed(const Command& root, const ParsedLine& line, Context& context) {
  const Command& command = *line.command;
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
  command.call(context, line.arguments);
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
    if (!Console::flush_standard_out()) {
      // As `medsave ls | head` does: nobody is there to be told.
      if (reader_is_gone(STDOUT_FILENO)) return kExitFailed;
      throw Error(Errc::io, _("cannot write to standard output"));
    }
    return kExitOk;
  } catch (const CommandFailed& e) {
    return fail(console, json, e.exit_code(), e.what());
  } catch (const Error& e) {
    return fail(console, json, exit_code_of(e.code()), fatal(e.what()));
  } catch (const Interrupted&) {
    console.warn(_("interrupted, cleaning up"));
    return fail(console, json, kExitInterrupted, fatal(_("interrupted")));
  } catch (const std::bad_alloc&) {
    return fail(console, json, kExitFailed, fatal(_("not enough memory")));
  } catch (const std::exception& e) {
    return fail(console, json, kExitFailed, fatal(format_text(_("internal error: {}"), e.what())));
  }
}

}  // namespace

int run(const std::vector<std::string>& arguments, Console& console, const std::stop_token& stop) {
  Context context(console, stop);
  Command root("medsave", _("Backups for medical practices, in restic's repository format"));
  define_program(root, context.global);
  const int code = guarded(context, wants_json(arguments),
                           [&] { run_parsed(root, parse_command_line(root, arguments), context); });
  context.close();
  Console::flush_standard_out();
  return code;
}

}  // namespace medsave::cli
