#include "chosen_snapshots.hpp"
#include "command_line.hpp"
#include "commands.hpp"
#include "context.hpp"
#include "exit_codes.hpp"
#include "from_repository.hpp"
#include "maintenance.hpp"
#include "open_repository.hpp"
#include "snapshot_options.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/base/units.hpp"
#include "medsave/json/json_object.hpp"
#include "medsave/maintain/copier.hpp"
#include "medsave/repo/index_load.hpp"
#include "medsave/ui/display_text.hpp"

#include <memory>
#include <utility>

namespace medsave::cli {
namespace {

struct CopyOptions {
  RepositoryChoice source = {};
  SnapshotChoice choice = {};
};

/// The snapshots to copy. A file that cannot be read may be one of them.
std::vector<SnapshotEntry> snapshots_to_copy(const Repository& source,
                                             const std::vector<std::string>& ids,
                                             const SnapshotFilter& filter, std::size_t& unreadable,
                                             const std::stop_token& stop, Context& context) {
  const ReadableSnapshots all = load_to_choose(source, ids, stop, context);
  unreadable = all.unreadable;
  std::vector<SnapshotEntry> chosen =
      choose_snapshots(all.snapshots, ids, filter, UnknownName::refused, context);
  require_chosen(chosen, all.snapshots, context);
  return chosen;
}

CopyEvents copy_events(Context& context) {
  CopyEvents events;
  events.skipped = [&context](const SnapshotEntry& entry, const Id& existing) {
    context.detail("");
    context.detail(describe_snapshot(entry));
    context.detail(format_text(_("skipping source snapshot {}, was already copied to snapshot {}"),
                               entry.id.short_hex(), existing.short_hex()));
  };
  events.started = [&context, first = true](const SnapshotEntry& entry) mutable {
    if (context.identity == Identity::restic) {
      context.info("");
      context.info(describe_snapshot(entry));
      context.info(_("  copy started, this may take a while..."));
      return;
    }
    // Several are copied together, and what they share once.
    if (std::exchange(first, false)) context.info(_("these are copied, which may take a while:"));
    context.info(describe_snapshot(entry));
  };
  events.saved = [&context](const SnapshotEntry& entry, const Id& saved) {
    context.report(JsonObject("copied")
                       .add("source_snapshot_id", entry.id.hex())
                       .add("snapshot_id", saved.hex()));
    context.info(format_text(_("snapshot {} saved, copied from source snapshot {}"),
                             saved.short_hex(), entry.id.short_hex()));
  };
  events.mended = [&context](const SnapshotEntry& entry, const Id& existing) {
    context.info(format_text(_("snapshot {} had lost data here and was mended: what was missing is "
                               "copied again from source snapshot {}"),
                             existing.short_hex(), entry.id.short_hex()));
  };
  events.damaged = [&context](const SnapshotEntry& entry, const std::string& why) {
    context.warn(escape_for_terminal(format_text(
        _("source snapshot {} is damaged and cannot be copied: {}"), entry.id.short_hex(), why)));
  };
  return events;
}

void tell_outcome(const CopyReport& report, std::size_t unreadable, Context& context) {
  const unsigned long copied = report.copied;
  context.done(format_text(n_("copied {} snapshot, skipped {}, stored {}",
                              "copied {} snapshots, skipped {}, stored {}", copied),
                           copied, report.skipped, format_size(report.stored.packed_bytes)));
  JsonObject summary("summary");
  summary.add("copied_snapshots", copied)
      .add("skipped_snapshots", report.skipped)
      .add("mended_snapshots", report.mended)
      .add("damaged_snapshots", report.damaged.size() + unreadable)
      .add("data_added_packed", report.stored.packed_bytes);
  context.add_traffic(summary);
  context.report(summary);
  if (context.identity == Identity::medsave) {
    context.info(context.outcome());
  }
  if (const unsigned long lost = report.damaged.size() + unreadable; lost != 0) {
    throw CommandFailed(
        kExitIncomplete,
        format_text(n_("Warning: {} damaged snapshot of the source could not be copied; all others "
                       "were. Run \"medsave check\" on the source.",
                       "Warning: {} damaged snapshots of the source could not be copied; all "
                       "others were. Run \"medsave check\" on the source.",
                       lost),
                    lost));
  }
}

void copy_between(const OpenedRepository& from, const OpenedRepository& to,
                  const CopyOptions& options, const std::vector<std::string>& ids,
                  Context& context) {
  const Repository& source = from.repository();
  const Repository& target = to.repository();
  const std::stop_token stop = to.stop();
  // In both repositories the snapshots are loaded before the index, so that the index has the blobs
  // of each of them.
  CopyRequest request{.writer = chosen_writer_options(context.global),
                      .recompress = context.global.compression != CompressionLevel::automatic};
  std::size_t unreadable = 0;
  tell_host_of_environment(options.choice, context);
  request.snapshots =
      snapshots_to_copy(source, ids, options.choice.filter(), unreadable, stop, context);
  request.existing = load_snapshots(target, stop, context.notices());
  const std::unique_ptr<Index> source_index = load_readable_index(source, context.notices(), stop);
  std::vector<IndexProblem> damaged;
  const ReliableIndex target_index = load_index_for_writing(target, context, stop, &damaged);
  if (from.lock() != nullptr) from.lock()->confirm();
  to.lock()->confirm();

  Progress progress;
  progress.line_rate = context.global.limit_upload * 1024;
  progress.stop = stop;
  CopyReport report;
  {
    const ProgressDisplay display(
        context.console, progress, ProgressKind::check,
        context.global.json ? ProgressStyle::none : context.progress_style(),
        context.progress_interval());
    try {
      report = copy_snapshots({source, *source_index}, {target, *target_index.index}, request,
                              copy_events(context), progress, stop);
    } catch (const Interrupted&) {
      if (from.lock() == nullptr || !from.lock()->lost()) {
        context.warn(_("what was copied so far is kept; the next run goes on from there"));
      }
      throw;
    }
  }
  tell_outcome(report, unreadable, context);
}

/// Whether two locations lead to one repository: what is stored at one of them is at the other.
bool is_same_place(const Repository& source, const Repository& target, const RepoLock& lock) {
  if (source.config().id != target.config().id) return false;
  if (source.backend().location() == target.backend().location()) return true;
  return lock.visible() && source.backend().size({.kind = FileKind::lock, .id = lock.id()});
}

void run_copy_command(const CopyOptions& options, const std::vector<std::string>& ids,
                      Context& context) {
  OpenedRepository& from = open_repository(context, options.source, kForReading);
  OpenedRepository& to = open_repository(context, {});
  if (is_same_place(from.repository(), to.repository(), *to.lock())) {
    throw Error(Errc::usage, _("source and target are the same repository; nothing was copied"));
  }
  if (from.repository().config().id == to.repository().config().id) {
    context.warn(
        _("source and target are two copies of one repository. What both have is skipped; what "
          "only the source has becomes a new snapshot in the target. To keep the two equal, copy "
          "the files instead, e.g. with rsync."));
  }
  // A copy needs both repositories: if one is stopped, requests to the other end too.
  const std::stop_callback from_stopped(from.stop(), [&to] { to.cancel(); });
  const std::stop_callback to_stopped(to.stop(), [&from] { from.cancel(); });
  copy_between(from, to, options, ids, context);
}

}  // namespace

void add_copy(Command& root) {
  auto options = std::make_shared<CopyOptions>();
  Command& command = root.add_command("copy", _("Copy snapshots from another repository"));
  command.describe(
      _("Copies snapshots from the repository of --from-repo to that of -r: all, or those that "
        "are named or fit the filter. What is there already is skipped, so that the command can "
        "be repeated every day; what the second repository has lost of it is copied again. Time, "
        "host and tags stay the same. All data is verified on the way. A snapshot of which the "
        "source has lost something is named and left out.\n\n"
        "The copy shares its data with backups made to the second repository itself only if that "
        "was made with \"init --copy-chunker-params\".\n\n"
        "What is compressed is taken as it is; --compression better or max compresses it anew."));
  command.arguments(_("[SNAPSHOT]..."));
  command.group(_("Where to copy from"));
  add_from_options(command, options->source);
  add_snapshot_options(command, options->choice);
  command.exit_codes({kExitIncomplete, kExitNoRepository, kExitLocked, kExitWrongPassword});
  command.examples(
      {{_("medsave -r /media/usb/second copy --from-repo /srv/first"),
        _("a second copy of everything, for the safe")},
       {_("medsave copy --from-repo /srv/first latest"), _("only the newest snapshot")}});
  command.run([options](Context& context, const std::vector<std::string>& arguments) {
    run_copy_command(*options, arguments, context);
  });
}

}  // namespace medsave::cli
