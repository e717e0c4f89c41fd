#include "command_line.hpp"
#include "commands.hpp"
#include "context.hpp"
#include "exit_codes.hpp"
#include "maintenance.hpp"
#include "open_repository.hpp"
#include "version.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/json/json_object.hpp"
#include "medsave/maintain/index_repair.hpp"
#include "medsave/maintain/recovery.hpp"

#include <memory>

namespace medsave::cli {
namespace {

/// What a backup that was interrupted has stored may lack the content of files.
void tell_of_incomplete(const RecoverReport& report, Context& context) {
  const unsigned long files = report.incomplete_files;
  if (files == 0) return;
  std::string text =
      format_text(n_("{} of the recovered files is incomplete: parts of its content are not in "
                     "the repository; they are lost, or were never stored",
                     "{} of the recovered files are incomplete: parts of their content are not in "
                     "the repository; they are lost, or were never stored",
                     files),
                  files);
  if (report.snapshot) {
    text += format_text(
        _(". If there is a copy of the repository, put back first what \"medsave check\" says is "
          "missing. Otherwise this takes them out of the snapshot: \"medsave repair snapshots "
          "--forget "
          "{}\"."),
        report.snapshot->short_hex());
  }
  if (context.identity == Identity::restic) {
    context.warn(text);
  } else {
    throw CommandFailed(kExitIncomplete, text);
  }
}

/// What could not be read may hold what nothing else leads to, and a prune would delete it.
[[noreturn]] void throw_unread(unsigned long count) {
  throw CommandFailed(kExitFailed,
                      fatal_text(format_text(
                          n_("{} pack or folder list could not be read, so what it holds may be "
                             "missing from what was recovered. Look at the medium or the server "
                             "and run \"medsave recover\" again; do not prune before it succeeds.",
                             "{} packs or folder lists could not be read, so what they hold may be "
                             "missing from what was recovered. Look at the medium or the server "
                             "and run \"medsave recover\" again; do not prune before it succeeds.",
                             count),
                          count)));
}

void run_recover(bool dry_run, const std::vector<std::string>& arguments, Context& context) {
  if (!arguments.empty()) {
    throw Error(Errc::usage, _("the recover command expects no arguments, only options"));
  }
  const OpenedRepository& opened =
      open_repository(context, {.lock = LockMode::exclusive,
                                .reads_only = dry_run,
                                // A tree that only this computer's cache has would make a snapshot
                                // that no other one can restore.
                                .cache = CacheUse::temporary});
  const Repository& repository = opened.repository();
  const auto stage = [&](const std::string& text) { context.begin_step(text); };
  Progress progress;
  IndexRepairReport index;
  RecoverReport report;
  {
    const ProgressDisplay display(
        context.console, progress, ProgressKind::check,
        context.global.json ? ProgressStyle::none : context.progress_style(),
        context.progress_interval());
    context.info(_("ensuring index is complete"));
    index = repair_index(repository, {.dry_run = dry_run},
                         {.stage = stage, .change = stage, .warning = context.notices()}, progress,
                         opened.stop());
  }
  Progress trees;
  {
    const ProgressDisplay display(
        context.console, trees, ProgressKind::restore,
        context.global.json ? ProgressStyle::none : context.progress_style(),
        context.progress_interval());
    report = recover_trees(repository,
                           {.dry_run = dry_run,
                            .program_version = program_version(),
                            .writer = chosen_writer_options(context.global)},
                           {.stage = stage, .warning = context.notices()}, trees, opened.stop());
  }
  JsonObject summary("summary");
  summary.add("unreferenced_roots", report.roots);
  summary.add_nonzero("incomplete_files", report.incomplete_files);
  summary.add_nonzero("unread_packs", index.unread.size());
  summary.add_nonzero("unread_folder_lists", report.unread_trees);
  if (report.snapshot) summary.add("snapshot_id", report.snapshot->hex());
  if (dry_run) summary.add("dry_run", true);
  context.report(summary);
  context.info("");
  const unsigned long roots = report.roots;
  context.info(
      format_text(n_("found {} unreferenced roots", "found {} unreferenced roots", roots), roots));
  if (report.snapshot) {
    context.done(format_text(_("saved new snapshot {}"), report.snapshot->short_hex()));
    context.info(context.outcome());
    if (context.identity == Identity::medsave) {
      context.info(format_text(_("the folders found are in it, each below the beginning of its "
                                 "ID: \"medsave ls {}\" shows them"),
                               report.snapshot->short_hex()));
    }
  } else if (roots == 0) {
    context.info(_("no snapshot to write"));
  }
  const std::size_t unread = index.unread.size() + report.unread_trees;
  if (unread != 0) throw_unread(unread);
  tell_of_incomplete(report, context);
  if (dry_run) end_dry_run(context);
}

}  // namespace

void add_recover(Command& root) {
  auto dry_run = std::make_shared<bool>(false);
  Command& command =
      root.add_command("recover", _("Make a snapshot of folders that no snapshot leads to"));
  command.describe(
      _("Looks for folders in the repository that no snapshot leads to, and makes a snapshot of "
        "the path /recover with all of them, each under the beginning of its ID. This brings back "
        "what was in snapshots that were deleted by mistake, as long as the repository has not "
        "been pruned."));
  command.flag("dry-run,n", *dry_run, _("change nothing, only say what would be done"));
  command.exit_codes({kExitIncomplete, kExitNoRepository, kExitLocked, kExitWrongPassword});
  command.examples({{"medsave -r /media/usb/medsave recover",
                     _("after \"forget\" has removed too much; then: \"medsave ls latest\"")}});
  command.run([dry_run](Context& context, const std::vector<std::string>& arguments) {
    run_recover(*dry_run, arguments, context);
  });
}

}  // namespace medsave::cli
