#include "backup_options.hpp"
#include "backup_parent.hpp"
#include "backup_report.hpp"
#include "command_line.hpp"
#include "commands.hpp"
#include "context.hpp"
#include "exit_codes.hpp"
#include "maintenance.hpp"
#include "open_repository.hpp"
#include "own_files.hpp"
#include "running_backup.hpp"
#include "snapshot_options.hpp"
#include "targets.hpp"
#include "version.hpp"

#include "medsave/archive/archiver.hpp"
#include "medsave/archive/snapshot_paths.hpp"
#include "medsave/base/clock.hpp"
#include "medsave/base/encoding.hpp"
#include "medsave/base/error.hpp"
#include "medsave/base/sentences.hpp"
#include "medsave/base/text.hpp"
#include "medsave/format/time_text.hpp"
#include "medsave/prune/retention_refresh.hpp"
#include "medsave/remote/location.hpp"
#include "medsave/repo/adopt.hpp"
#include "medsave/repo/blob_writer.hpp"
#include "medsave/repo/index_load.hpp"
#include "medsave/snap/snapshot_finder.hpp"
#include "medsave/sys/fd.hpp"
#include "medsave/sys/file_info.hpp"
#include "medsave/sys/host.hpp"
#include "medsave/sys/process.hpp"
#include "medsave/ui/display_text.hpp"

#include <algorithm>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <system_error>
#include <thread>
#include <utility>

namespace medsave::cli {
namespace {

/// The output of a command, which runs while it is read. What it says on standard error is told
/// line by line, in restic's words.
StreamSource command_source(const std::vector<std::string>& command, Context& context) {
  auto child = std::make_shared<std::optional<ChildOutput>>();
  StreamSource source;
  source.open = [child, command, &context] {
    const auto says = [&context, program = command.front()](const std::string& line) {
      context.warn(escape_for_terminal(format_text(_("subprocess {}: {}"), program, line)));
    };
    return child->emplace(command, says).fd();
  };
  source.finish = [child, program = command.front()] {
    const int status = (*child)->wait();
    if (status == 0) return;
    throw Error(
        Errc::io,
        format_text(_("command \"{}\" failed with exit status {}; nothing of its output was saved, "
                      "and your earlier backups are intact. Run it by itself to see why it fails."),
                    program, status));
  };
  return source;
}

/// The targets that exist; the others are reported.
std::vector<std::string> existing_targets(const BackupOptions& options,
                                          const std::vector<std::string>& arguments,
                                          BackupReport& report) {
  std::vector<std::string> targets = collect_targets(
      options.lists,
      [&](const std::string& name, const std::string& why) { report.unusable_target(name, why); });
  targets.insert(targets.end(), arguments.begin(), arguments.end());
  if (targets.empty()) {
    throw Error(Errc::usage, _("nothing to backup, please specify source files/dirs"));
  }
  std::erase_if(targets, [&](const std::string& target) {
    if (target_exists(target)) return false;
    report.unusable_target(target,
                           _("it was not found (misspelt, or is its drive not connected?)"));
    return true;
  });
  if (targets.empty()) {
    throw Error(Errc::usage, _("all source directories/files do not exist"));
  }
  return targets;
}

/// Snapshots hold text in UTF-8, so names in another encoding may become the same there.
void tell_of_other_encodings(const std::vector<std::string>& paths, Context& context) {
  if (context.identity == Identity::restic) return;
  for (const std::string& path : paths) {
    if (is_utf8(path)) continue;
    context.warn(format_text(
        _("the path {} is not UTF-8, so the snapshot records it as {}. Paths that differ only in "
          "such letters are recorded alike: forget takes their snapshots for those of one path, "
          "and keeps no more of them all than of one. Better rename it."),
        path, as_utf8(path)));
  }
}

/// What a backup is about to save.
struct Job {
  BackupRequest request = {};
  Snapshot snapshot = {};
  std::optional<SnapshotEntry> parent = {};
};

void set_sources(Job& job, const BackupOptions& options, const std::vector<std::string>& arguments,
                 Context& context, BackupReport& report) {
  BackupRequest& request = job.request;
  if (options.from_stdin || options.from_command) {
    StreamSource stream;
    stream.open = [] { return kStandardInput; };
    if (options.from_command) stream = command_source(arguments, context);
    stream.filename = options.stdin_filename;
    request.streams.push_back(std::move(stream));
    tell_of_other_encodings(source_paths({}, request.streams), context);
    job.snapshot.paths = snapshot_paths({}, request.streams);
    return;
  }
  request.targets = existing_targets(options, arguments, report);
  tell_of_other_encodings(source_paths(request.targets), context);
  job.snapshot.paths = snapshot_paths(request.targets);
}

Job make_job(const BackupOptions& options, const std::vector<std::string>& arguments,
             Context& context, BackupReport& report) {
  Job job;
  set_sources(job, options, arguments, context, report);
  BackupRequest& request = job.request;
  SourceFilter& filter = request.filter;
  filter.excludes = options.excludes.filter("exclude");
  filter.exclude_caches = options.exclude_caches;
  filter.exclude_if_present = options.exclude_if_present;
  filter.exclude_larger_than = options.exclude_larger_than;
  filter.one_file_system = options.one_file_system;
  request.ignore_inode = options.ignore_inode;
  request.ignore_ctime = options.ignore_ctime;
  request.with_atime = options.with_atime;
  request.scan = !options.no_scan && context.progress_style() != ProgressStyle::none;
  if (options.read_concurrency != 0) {
    request.read_concurrency = static_cast<unsigned>(options.read_concurrency);
  }
  request.skip_if_unchanged = options.skip_if_unchanged;
  request.require_sources = options.require_sources;
  request.dry_run = options.dry_run;

  Snapshot& snapshot = job.snapshot;
  snapshot.time = in_local_zone(options.time.value_or(system_clock().now()));
  snapshot.hostname = as_utf8(options.host.empty() ? host_name() : options.host);
  snapshot.username = user_name();
  snapshot.uid = user_id();
  snapshot.gid = group_id();
  snapshot.excludes = options.excludes.patterns;
  for (const std::string& list : options.tags) {
    for (std::string& tag : parse_tag_list(list)) snapshot.tags.push_back(std::move(tag));
  }
  snapshot.program_version = program_version();
  return job;
}

void set_parent(Job& job, const BackupOptions& options, const std::vector<SnapshotEntry>& snapshots,
                const Timestamp& now, Context& context) {
  const ParentWish wish = {.group_by = options.group_by,
                           .named = options.parent,
                           .compares = job.request.streams.empty() && !options.force,
                           .time_is_now = !options.time};
  ChosenParent chosen = choose_parent_of(job.snapshot, wish, snapshots, now, context);
  job.parent = std::move(chosen.compared);
  if (!job.parent) job.snapshot.parent = chosen.recorded;
  if (!job.request.streams.empty()) return;
  if (options.force && context.identity == Identity::medsave) {
    context.info(_("all files are read again (--force)"));
  } else if (job.parent) {
    context.info(format_text(_("using parent snapshot {}"), job.parent->id.short_hex()));
  } else {
    context.info(_("no parent snapshot found, will read all files"));
  }
}

/// Indexes packs that a killed run of this computer stored but did not index, so that their blobs
/// are not stored again. Only where this run has just removed the lock of a process that certainly
/// has ended: packs without an index may also be those that a prune is about to delete, which was
/// suspended and has lost its lock. That a lock of another computer is old, or that `unlock`
/// removed it, does not tell that its owner will never wake.
std::vector<Id> pick_up_interrupted_run(const OpenedRepository& opened, Index& index,
                                        Context& context) {
  const Repository& repository = opened.repository();
  RepoLock& lock = *opened.lock();
  if (!lock.cleared_dead_lock() || !lock.alone()) return {};
  const auto alone = [&lock] {
    // confirm() also shows a backup that began at the same moment, whose unfinished files must
    // stay.
    lock.confirm();
    return lock.alone();
  };
  // Temporary files of that run; `prune` looks for them every time.
  if (alone()) repository.backend().remove_leftovers();
  std::vector<Id> adopted = adopt_unindexed_packs(repository, index, alone, opened.stop()).adopted;
  const unsigned long packs = adopted.size();
  if (packs == 0) return {};
  context.info(
      format_text(n_("found {} pack of an interrupted run; its data is not stored again",
                     "found {} packs of an interrupted run; their data is not stored again", packs),
                  packs));
  return adopted;
}

/// What the snapshots need stays protected for the time asked for, counted from this backup.
void refresh_protection(const OpenedRepository& opened, const Index& index, Context& context) {
  if (!context.global.remote.extended.contains(kRetentionLock)) return;
  const Repository& repository = opened.repository();
  std::vector<Id> roots;
  for (const SnapshotEntry& entry : load_snapshots(repository, opened.stop(), context.notices())) {
    roots.push_back(entry.snapshot.tree);
  }
  Progress progress;
  const ProgressDisplay display(context.console, progress, ProgressKind::check,
                                context.progress_style(), context.progress_interval());
  const unsigned long extended =
      refresh_retention(repository, index, roots, progress, opened.stop());
  context.info(format_text(n_("extended the protection against deletion of {} file",
                              "extended the protection against deletion of {} files", extended),
                           extended));
}

/// A backup may store a little more to end sooner, unless a stronger compression was asked for.
BlobWriterOptions writer_options(const GlobalOptions& global) {
  BlobWriterOptions out = chosen_writer_options(global);
  out.spare_processor = global.compression == CompressionLevel::automatic ||
                        global.compression == CompressionLevel::fastest;
  return out;
}

std::string nothing_saved() {
  return _(
      "no snapshot was saved, and the earlier ones are intact; what was stored so far is kept, "
      "and the next backup goes on from there");
}

/// A failure is ignored here, because writing the summary at the end reports it.
void tell_begun(const std::string& file, const BackupReport& report) {
  try {
    report.write_begun(file);
  } catch (const Error&) {
  }
}

/// Tells of an interruption when it comes. In a thread of its own: storing what there is can take a
/// while, and the thread that heeds a second Ctrl-C must not wait for the terminal.
class InterruptionNotice {
 public:
  InterruptionNotice(const std::stop_token& stop, Context& context)
      : on_stop_(stop, [this, &context] {
          try {
            teller_ = std::jthread([&context] { context.tell_of_interruption(); });
          } catch (const std::system_error&) {  // no thread to be had: told at the end
          }
        }) {}

 private:
  std::jthread teller_;
  std::stop_callback<std::function<void()>> on_stop_;  // last: it writes teller_
};

BackupDestination make_destination(Job& job, const OpenedRepository& opened, Index& index,
                                   Progress& progress, Context& context) {
  BackupDestination destination = {.repository = opened.repository(),
                                   .index = index,
                                   .stop = opened.stop(),
                                   .writer = writer_options(context.global),
                                   .parent = std::move(job.parent),
                                   .snapshot = std::move(job.snapshot)};
  progress.line_rate = context.global.limit_upload * 1024;
  progress.stop = opened.stop();
  destination.writer.progress = &progress;
  return destination;
}

/// run_backup() with its progress shown. Where it throws, people learn what is saved and what not.
BackupResult run_and_show(BackupDestination destination, BackupRequest request,
                          BackupReport& report, Progress& progress, Context& context) {
  const bool dry_run = request.dry_run;
  try {
    ProgressDisplay display(context.console, progress, ProgressKind::backup,
                            context.progress_style(), context.progress_interval());
    return run_backup({std::move(destination)}, std::move(request), report.sinks(), progress);
  } catch (const Error& e) {
    if (dry_run || context.identity == Identity::restic) throw;
    // Other errors say for themselves what they mean for what is stored.
    throw Error(e.code(), format_text(e.code() == Errc::usage
                                          ? _("the backup is not finished, and your earlier "
                                              "backups are intact: {}")
                                          : _("the backup is not finished: {}"),
                                      e.what()));
  }
}

/// Throws CommandFailed where the snapshot does not hold all that was asked for.
void require_complete(const BackupResult& result, const BackupOptions& options,
                      const BackupReport& report) {
  if (const unsigned long missing = result.problems + report.unusable_targets(); missing != 0) {
    throw CommandFailed(
        kExitIncomplete,
        format_text(n_("Warning: {} item is missing from the snapshot, or a part of it; all others "
                       "are in it. Mend what is said of it, and back up again.",
                       "Warning: {} items are missing from the snapshot, or parts of them; all "
                       "others are in it. Mend what is said of them, and back up again.",
                       missing),
                    missing));
  }
  if (!result.excluded.empty()) {
    const unsigned long count = result.excluded.size();
    throw CommandFailed(
        kExitIncomplete,
        escape_for_terminal(
            count == 1 ? format_text(_("Warning: nothing of {} was saved, because this source is "
                                       "excluded"),
                                     result.excluded.front())
                       : format_text(_("Warning: nothing of {} sources was saved, because they are "
                                       "excluded"),
                                     count)));
  }
  if (options.require_sources && result.emptied != 0) {
    throw CommandFailed(
        kExitIncomplete,
        _("Warning: a source is empty, or a folder in one whose drive seems not to be "
          "connected"));
  }
}

void back_up(const BackupOptions& options, const std::vector<std::string>& arguments,
             Context& context, BackupReport& report) {
  Job job = make_job(options, arguments, context, report);
  report.set_job(job.snapshot);
  if (!options.summary_file.empty()) tell_begun(options.summary_file, report);
  std::optional<RunningBackup> running;
  if (!options.dry_run && job.request.streams.empty()) {
    running.emplace(context, job.snapshot.hostname, source_paths(job.request.targets));
  }
  context.detail(_("open repository"));
  OpenOptions open{.lists_packs = true};
  if (options.dry_run) open.lock.reset();
  const OpenedRepository& opened = open_repository(context, open);
  leave_out_own_files(job.request, context);  // the cache is there by now
  const Repository& repository = opened.repository();
  const auto snapshots = load_snapshots(repository, opened.stop(),
                                        [&](const std::string& problem) { context.warn(problem); });
  context.detail(_("load index files"));
  std::vector<IndexProblem> damaged;
  const std::unique_ptr<Index> index =
      load_index_for_writing(repository, context, opened.stop(), &damaged).index;
  set_parent(job, options, snapshots, repository.clock().now(), context);
  Progress progress;
  BackupDestination destination = make_destination(job, opened, *index, progress, context);
  // Not with damaged index files: the packs that they list look like those of an interrupted run,
  // and all of them would be read.
  if (opened.lock() != nullptr && damaged.empty()) {
    destination.relies_on = pick_up_interrupted_run(opened, *index, context);
  }

  const InterruptionNotice notice(opened.stop(), context);
  const BackupResult result =
      run_and_show(std::move(destination), std::move(job.request), report, progress, context);
  const std::optional<Id>& snapshot = result.destinations.front().snapshot_id;
  if (snapshot && !options.dry_run) {
    context.done(format_text(_("snapshot {} was saved"), snapshot->short_hex()));
  }
  if (!options.dry_run) refresh_protection(opened, *index, context);
  report.finish(result);
  require_complete(result, options, report);
}

/// Writes the summary of a failed backup. If that fails too, it is only a warning: the command ends
/// with the backup's own failure.
void tell_failure(const std::string& file, BackupReport::Outcome outcome,
                  const std::string& failure, const BackupReport& report, Context& context) {
  try {
    report.write_summary(file, outcome, failure);
  } catch (const Error& e) {
    context.warn(e.what());
  }
}

void run_backup_command(const BackupOptions& options, const std::vector<std::string>& arguments,
                        Context& context) {
  if (!options.summary_file.empty()) BackupReport::require_summary_file(options.summary_file);
  BackupReport report(context, options.dry_run);
  try {
    refuse_contradictions(options, arguments, context);
    back_up(options, arguments, context, report);
  } catch (const std::exception& e) {
    const bool interrupted = dynamic_cast<const Interrupted*>(&e) != nullptr;
    if (interrupted && context.outcome().empty() && !context.nothing_begun()) {
      context.tell_of_interruption();
      context.warn(nothing_saved());
    }
    if (options.summary_file.empty()) throw;
    const auto* failed = dynamic_cast<const CommandFailed*>(&e);
    const bool incomplete = failed != nullptr && failed->exit_code() == kExitIncomplete;
    const bool stopped = context.is_interruption(e);
    BackupReport::Outcome outcome = BackupReport::Outcome::failed;
    if (incomplete) outcome = BackupReport::Outcome::incomplete;
    if (stopped) outcome = BackupReport::Outcome::interrupted;
    std::string why = e.what();
    // If the interruption came after the snapshot was saved, the summary says that it was.
    if (stopped && !context.outcome().empty()) {
      why = context.outcome();
    } else if (interrupted) {
      why = nothing_saved();
    }
    tell_failure(options.summary_file, outcome, why, report, context);
    throw;
  }
  if (!options.summary_file.empty()) {
    report.write_summary(options.summary_file, BackupReport::Outcome::complete);
  }
}

}  // namespace

void add_backup(Command& root) {
  auto options = std::make_shared<BackupOptions>();
  Command& command = root.add_command("backup", _("Back up files and folders"));
  command.describe(
      _("Makes a snapshot of the given files and folders. Files that have not changed since the "
        "previous snapshot of the same host and paths are not read again, and data the repository "
        "already holds is not stored again.\n\n"
        "What cannot be read is named, left out, and makes the exit status 3; everything else is "
        "in the snapshot. An interrupted backup costs nothing twice: run it again.\n\n"
        "Pictures and other data that would shrink by less than a sixth are stored as they are "
        "while the repository takes data faster than this computer can prepare it; "
        "--compression better and max always compress them."));
  command.arguments(_("[FILE/DIR]..."), ValueKind::file);
  add_backup_options(command, *options);
  command.exit_codes({kExitIncomplete, kExitNoRepository, kExitLocked, kExitWrongPassword});
  command.examples(
      {{_("medsave -r /media/usb/medsave backup /srv/practice --exclude '*.tmp'"),
        _("a folder without its temporary files")},
       {_("medsave backup --stdin-from-command --stdin-filename practice.sql -- pg_dump practice"),
        _("a database, straight from its dump program")}});
  command.run([options](Context& context, const std::vector<std::string>& arguments) {
    run_backup_command(*options, arguments, context);
  });
}

}  // namespace medsave::cli
