#include "chosen_snapshots.hpp"
#include "command_line.hpp"
#include "commands.hpp"
#include "context.hpp"
#include "exit_codes.hpp"
#include "from_repository.hpp"
#include "maintenance.hpp"
#include "snapshot_options.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/base/units.hpp"
#include "medsave/maintain/copier.hpp"

#include <memory>

namespace medsave::cli {
namespace {

struct CopyOptions {
  RepositoryChoice source = {};
  SnapshotChoice choice = {};
};

/// The repository that is read, with a lock of its own.
struct OpenedSource {
  std::unique_ptr<Repository> repository = {};
  std::unique_ptr<RepoLock> lock = {};  // none with --no-lock

  [[nodiscard]] std::stop_token stop(const Context& context) const {
    return lock ? lock->token() : context.stop();
  }
};

void lock_source(OpenedSource& source, Context& context) {
  if (context.global.no_lock) return;
  source.lock = std::make_unique<RepoLock>(
      *source.repository, LockOptions{.mode = LockMode::shared, .retry = context.global.retry_lock},
      context.notices(), context.stop());
}

CopyEvents copy_events(Context& context) {
  CopyEvents events;
  events.skipped = [&context](const SnapshotEntry& entry, const Id& existing) {
    context.detail("");
    context.detail(context.console.name_for_out(describe_snapshot(entry)));
    context.detail(format_text(_("skipping source snapshot {}, was already copied to snapshot {}"),
                               entry.id.short_hex(), existing.short_hex()));
  };
  events.started = [&context](const SnapshotEntry& entry) {
    context.info("");
    context.info(context.console.name_for_out(describe_snapshot(entry)));
    context.info(_("  copy started, this may take a while..."));
  };
  events.saved = [&context](const SnapshotEntry& entry, const Id& saved) {
    context.info(format_text(_("snapshot {} saved, copied from source snapshot {}"),
                             saved.short_hex(), entry.id.short_hex()));
  };
  return events;
}

void run_copy_command(const CopyOptions& options, const std::vector<std::string>& ids,
                      Context& context) {
  OpenedSource source{.repository = open_chosen(context, options.source)};
  const Repository& target = context.open_locked(LockMode::shared, false);
  lock_source(source, context);
  const std::stop_token stop = source.stop(context);

  // Snapshots before indexes, in both.
  CopyRequest request{.writer = chosen_writer_options(context.global),
                      .recompress = context.global.compression != CompressionLevel::automatic};
  const SnapshotFilter filter = options.choice.filter();
  request.snapshots = choose_snapshots(load_snapshots(*source.repository, stop, context.notices()),
                                       ids, filter, context);
  request.existing = load_snapshots(target, stop, context.notices());
  const std::unique_ptr<Index> source_index = load_index(*source.repository, stop);
  const std::unique_ptr<Index> target_index = load_index(target, stop);
  if (source.lock) source.lock->confirm();
  context.lock()->confirm();

  Progress progress;
  CopyReport report;
  {
    const ProgressDisplay display(
        context.console, progress, ProgressKind::check,
        context.global.json ? ProgressStyle::none : context.progress_style(),
        context.progress_interval());
    try {
      report = copy_snapshots({*source.repository, *source_index}, {target, *target_index}, request,
                              copy_events(context), progress, stop);
    } catch (const Interrupted&) {
      if (source.lock && source.lock->lost()) source.lock->confirm();
      context.warn(_("what was copied so far is kept; the next run goes on from there"));
      throw;
    }
  }
  const unsigned long copied = report.copied;
  context.detail("");
  context.detail(format_text(n_("copied {} snapshot, skipped {}, stored {}",
                                "copied {} snapshots, skipped {}, stored {}", copied),
                             copied, report.skipped, format_size(report.stored.packed_bytes)));
}

}  // namespace

void add_copy(Command& root) {
  auto options = std::make_shared<CopyOptions>();
  Command& command = root.add_command("copy", _("Copy snapshots from another repository"));
  command.describe(
      _("Copies snapshots from the repository of --from-repo to that of -r: all, or those that "
        "are named or fit the filter. What is there already is skipped, so that the command can "
        "be repeated every day. Time, host and tags stay the same. All data is verified on the "
        "way.\n\n"
        "The copy shares its data with backups made to the second repository itself only if that "
        "was made with \"init --copy-chunker-params\".\n\n"
        "What is compressed is taken as it is; --compression better or max compresses it anew."));
  command.arguments(_("[SNAPSHOT]..."));
  command.group(_("Where to copy from"));
  add_from_options(command, options->source);
  add_snapshot_options(command, options->choice);
  command.exit_codes({kExitNoRepository, kExitLocked, kExitWrongPassword});
  command.examples({{"medsave -r /media/usb/second copy --from-repo /srv/first",
                     _("a second copy of everything, for the safe")},
                    {"medsave copy --from-repo /srv/first latest", _("only the newest snapshot")}});
  command.run([options](Context& context, const std::vector<std::string>& arguments) {
    run_copy_command(*options, arguments, context);
  });
}

}  // namespace medsave::cli
