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
#include "medsave/archive/parent_choice.hpp"
#include "medsave/archive/snapshot_paths.hpp"
#include "medsave/base/clock.hpp"
#include "medsave/base/error.hpp"
#include "medsave/base/sentences.hpp"
#include "medsave/base/text.hpp"
#include "medsave/base/units.hpp"
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
#include <limits>
#include <memory>
#include <optional>
#include <stop_token>
#include <system_error>
#include <thread>
#include <utility>

namespace medsave::cli {
namespace {

constexpr std::uint64_t kMaxReadConcurrency = 128;

struct BackupOptions {
  TargetLists lists = {};
  PatternOptions excludes = {};
  bool exclude_caches = false;
  std::vector<std::string> exclude_if_present = {};
  std::optional<std::uint64_t> exclude_larger_than = {};
  bool one_file_system = false;
  bool from_stdin = false;
  bool from_command = false;
  std::string stdin_filename = "stdin";
  std::string parent = {};
  bool force = false;
  GroupBy group_by = {};
  bool ignore_inode = false;
  bool ignore_ctime = false;
  bool skip_if_unchanged = false;
  std::string host = {};
  std::vector<std::string> tags = {};
  std::optional<Timestamp> time = {};
  bool with_atime = false;
  std::uint64_t read_concurrency = 0;  // 0: the engine's default
  bool no_scan = false;
  bool dry_run = false;
  bool require_sources = false;
  std::string summary_file = {};
};

void refuse_contradictions(const BackupOptions& options, const std::vector<std::string>& arguments,
                           const Context& context) {
  if (options.from_stdin && options.from_command) {
    throw Error(Errc::usage, _("--stdin and --stdin-from-command cannot be used together"));
  }
  if ((options.from_stdin || options.from_command) && !options.lists.empty()) {
    throw Error(Errc::usage, _("--stdin and --files-from cannot be used together"));
  }
  if (options.from_stdin && !arguments.empty()) {
    throw Error(Errc::usage, _("--stdin was specified and files/dirs were listed as arguments"));
  }
  if (options.from_command && arguments.empty()) {
    throw Error(Errc::usage, _("--stdin-from-command needs a command as its arguments"));
  }
  if (options.from_stdin || options.from_command) stream_components(options.stdin_filename);
  const auto reads_stdin = [](const std::vector<std::string>& lists) {
    return std::ranges::find(lists, "-") != lists.end();
  };
  const bool list_on_stdin = reads_stdin(options.lists.files_from) ||
                             reads_stdin(options.lists.files_from_verbatim) ||
                             reads_stdin(options.lists.files_from_raw);
  const RepositoryChoice& choice = context.global.repository;
  const bool password_known = choice.no_password || !choice.password_file.empty() ||
                              !choice.password_command.empty() ||
                              !environment_value("PASSWORD").empty();
  if ((options.from_stdin || list_on_stdin) && !password_known) {
    throw Error(Errc::usage,
                _("standard input is taken by what is backed up, so the password must come from "
                  "--password-file, --password-command or the variable MEDSAVE_PASSWORD"));
  }
}

/// The output of a command, which runs while it is read.
StreamSource command_source(const std::vector<std::string>& command) {
  auto child = std::make_shared<std::optional<ChildOutput>>();
  StreamSource source;
  source.open = [child, command] { return child->emplace(command).fd(); };
  source.finish = [child, program = command.front()] {
    const int status = (*child)->wait();
    if (status == 0) return;
    throw Error(Errc::io, format_text(_("command \"{}\" failed with exit status {}; nothing of its "
                                        "output was saved, and your earlier backups are intact. "
                                        "Run it by itself to see why it fails"),
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
    report.unusable_target(target, _("it does not exist"));
    return true;
  });
  if (targets.empty()) {
    throw Error(Errc::usage, _("all source directories/files do not exist"));
  }
  return targets;
}

/// What a backup is about to save.
struct Job {
  BackupRequest request = {};
  Snapshot snapshot = {};
  std::optional<SnapshotEntry> parent = {};
};

void set_sources(Job& job, const BackupOptions& options, const std::vector<std::string>& arguments,
                 BackupReport& report) {
  BackupRequest& request = job.request;
  if (options.from_stdin || options.from_command) {
    StreamSource stream;
    stream.open = [] { return kStandardInput; };
    if (options.from_command) stream = command_source(arguments);
    stream.filename = options.stdin_filename;
    request.streams.push_back(std::move(stream));
    job.snapshot.paths = snapshot_paths({}, request.streams);
    return;
  }
  request.targets = existing_targets(options, arguments, report);
  job.snapshot.paths = snapshot_paths(request.targets);
}

Job make_job(const BackupOptions& options, const std::vector<std::string>& arguments,
             Context& context, BackupReport& report) {
  Job job;
  set_sources(job, options, arguments, report);
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
  snapshot.hostname = options.host.empty() ? host_name() : options.host;
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

/// The parent, as choose_parent() finds it. If there is only one that is dated in the future (a
/// clock was wrong), it is used all the same: without a parent all files would be read again.
const SnapshotEntry* usual_parent(const Snapshot& snapshot, const BackupOptions& options,
                                  const std::vector<SnapshotEntry>& snapshots, Context& context) {
  const SnapshotEntry* found = choose_parent(snapshots, snapshot, options.group_by);
  if (found != nullptr || options.time) return found;
  Snapshot later = snapshot;
  later.time.instant.seconds = std::numeric_limits<std::int64_t>::max();
  found = choose_parent(snapshots, later, options.group_by);
  if (found != nullptr && is_in_future(found->snapshot.time.instant)) {
    context.warn(format_text(_("the previous snapshot {} is of {}, which is in the future: a clock "
                               "was wrong when it was made, or is now"),
                             found->id.short_hex(),
                             format_local_time(found->snapshot.time.instant)));
  }
  return found;
}

/// The newest snapshot of this computer, whatever its sources, if its time is in the future: then
/// the clock is behind now. Otherwise nullptr.
const SnapshotEntry* newest_if_in_future(const std::vector<SnapshotEntry>& snapshots,
                                         const std::string& host) {
  const SnapshotEntry* newest = nullptr;
  for (const SnapshotEntry& entry : snapshots) {
    if (entry.snapshot.hostname != host) continue;
    if (newest == nullptr || is_older(*newest, entry)) newest = &entry;
  }
  return newest != nullptr && is_in_future(newest->snapshot.time.instant) ? newest : nullptr;
}

/// The parent to record in a snapshot that is compared with nothing (--force, a stream): one that
/// proves that the clock is behind, or nullptr. Without it `forget` would take the new snapshot for
/// an old one.
const SnapshotEntry* parent_in_future(const SnapshotEntry* usual,
                                      const std::vector<SnapshotEntry>& snapshots,
                                      const std::string& host) {
  if (usual == nullptr) return newest_if_in_future(snapshots, host);
  const bool shows_it = is_in_future(usual->snapshot.time.instant) ||
                        made_with_clock_behind(snapshots).contains(usual->id);
  return shows_it ? usual : nullptr;
}

void choose_parent_of(Job& job, const BackupOptions& options,
                      const std::vector<SnapshotEntry>& snapshots, Context& context) {
  const bool compares = job.request.streams.empty() && !options.force;
  if (compares && !options.parent.empty()) {
    job.parent = find_snapshot(snapshots, options.parent, {}, context.notices());
  } else {
    const SnapshotEntry* usual = usual_parent(job.snapshot, options, snapshots, context);
    if (compares && usual != nullptr) {
      job.parent = *usual;
    } else if (!options.time) {
      const auto* shown = parent_in_future(usual, snapshots, job.snapshot.hostname);
      if (shown != nullptr) job.snapshot.parent = shown->id;
    }
  }
  if (!job.request.streams.empty()) return;
  if (job.parent) {
    context.info(format_text(_("using parent snapshot {}"), job.parent->id.short_hex()));
  } else {
    context.info(_("no parent snapshot found, will read all files"));
  }
}

/// Indexes packs that a killed run stored but did not index, so that their blobs are not stored
/// again.
std::vector<Id> pick_up_interrupted_run(const OpenedRepository& opened, Index& index,
                                        Context& context) {
  const Repository& repository = opened.repository();
  RepoLock& lock = *opened.lock();
  if (!lock.alone()) return {};
  const auto alone = [&lock] {
    // confirm() also shows a backup that began at the same moment, whose unfinished files must
    // stay.
    lock.confirm();
    return lock.alone();
  };
  // A killed run leaves its lock too, so its temporary files are looked for only where a dead lock
  // was removed. `prune` looks for them every time.
  if (lock.cleared_dead_lock() && alone()) repository.backend().remove_leftovers();
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
  } catch (const Interrupted&) {
    context.tell_of_interruption();
    context.warn(nothing_saved());
    throw;
  } catch (const Error& e) {
    if (dry_run || context.identity == Identity::restic) throw;
    // Other errors say for themselves what they mean for what is stored.
    const bool by_the_user = e.code() == Errc::usage;
    throw Error(e.code(),
                with_sentence(e.what(), by_the_user ? _("The backup is not finished; your earlier "
                                                        "backups are intact")
                                                    : _("The backup is not finished")));
  }
}

/// Throws CommandFailed where the snapshot does not hold all that was asked for.
void require_complete(const BackupResult& result, const BackupOptions& options,
                      const BackupReport& report) {
  if (result.problems + report.unusable_targets() != 0) {
    throw CommandFailed(kExitIncomplete,
                        _("Warning: at least one source file could not be read; the snapshot holds "
                          "all others"));
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
  if (!options.dry_run && job.request.streams.empty()) running.emplace(context, job.snapshot);
  context.detail(_("open repository"));
  OpenOptions open{.lists_packs = true};
  if (options.dry_run) open.lock.reset();
  const OpenedRepository& opened = open_repository(context, open);
  leave_out_own_files(job.request, job.snapshot.paths, context);  // the cache is there by now
  const Repository& repository = opened.repository();
  const auto snapshots = load_snapshots(repository, opened.stop(),
                                        [&](const std::string& problem) { context.warn(problem); });
  context.detail(_("load index files"));
  std::vector<IndexProblem> damaged;
  const std::unique_ptr<Index> index =
      load_index_for_writing(repository, context, opened.stop(), &damaged).index;
  choose_parent_of(job, options, snapshots, context);
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
    } else if (dynamic_cast<const Interrupted*>(&e) != nullptr) {
      why = nothing_saved();
    }
    tell_failure(options.summary_file, outcome, why, report, context);
    throw;
  }
  if (!options.summary_file.empty()) {
    report.write_summary(options.summary_file, BackupReport::Outcome::complete);
  }
}

void add_source_options(Command& command, BackupOptions& options) {
  command.group(_("What to back up"));
  command
      .options("files-from", _("FILE"), options.lists.files_from,
               _("read what to back up from a file: one pattern a line, # begins a comment; - is "
                 "standard input"))
      .kind = ValueKind::file;
  command
      .options("files-from-verbatim", _("FILE"), options.lists.files_from_verbatim,
               _("the same, each line being one path exactly as it stands"))
      .kind = ValueKind::file;
  command
      .options("files-from-raw", _("FILE"), options.lists.files_from_raw,
               _("the same, paths ended by NUL bytes, as \"find -print0\" writes them"))
      .kind = ValueKind::file;
  command
      .flag("require-sources", options.require_sources,
            _("exit status 3 also when a source is empty, or what was a mount point in one, as "
              "when a "
              "drive is not connected"))
      .environment = "REQUIRE_SOURCES";
  command.flag("stdin", options.from_stdin, _("back up what arrives on standard input"));
  command.flag("stdin-from-command", options.from_command,
               _("run the arguments as a command and back up its output; nothing is saved if it "
                 "fails"));
  command.option("stdin-filename", _("NAME"), options.stdin_filename,
                 _("name of that file in the snapshot (default \"stdin\")"));
}

void add_filter_options(Command& command, BackupOptions& options) {
  command.group(_("What to leave out"));
  add_exclude_options(command, options.excludes);
  command.flag("exclude-caches", options.exclude_caches,
               _("leave out the content of folders marked by a CACHEDIR.TAG file"));
  command.options("exclude-if-present", _("NAME[:HEADER]"), options.exclude_if_present,
                  _("leave out the content of folders that hold a file NAME (beginning with "
                    "HEADER); may be repeated"));
  command.parsed(
      "exclude-larger-than", _("SIZE"),
      [&options](const std::string& text) {
        options.exclude_larger_than = parse_size(text);
        if (!options.exclude_larger_than) {
          throw Error(Errc::usage, _("must be a size like 500k, 20M or 2G"));
        }
      },
      _("leave out larger files (suffixes k, M, G, T)"));
  command.flag("one-file-system,x", options.one_file_system,
               _("stay on the file systems of what is backed up"));
}

void add_change_options(Command& command, BackupOptions& options) {
  command.group(_("What counts as changed"));
  command.option("parent", _("SNAPSHOT"), options.parent,
                 _("compare with this snapshot instead of the latest of the group"));
  command.flag("force,f", options.force, _("read all files again, changed or not"));
  Option& group_by = command.parsed(
      "group-by,g", _("GROUP"),
      [&options](const std::string& text) { options.group_by = parse_group_by(text); },
      _("what makes a group: host, paths and/or tags, separated by commas (default host,paths)"));
  group_by.kind = ValueKind::text;
  command.flag("ignore-inode", options.ignore_inode,
               _("do not compare inode numbers and change times (for network drives)"));
  command.flag("ignore-ctime", options.ignore_ctime, _("do not compare change times"));
  command.flag("skip-if-unchanged", options.skip_if_unchanged,
               _("save no snapshot if nothing differs from the parent"));
}

void add_record_options(Command& command, BackupOptions& options) {
  command.group(_("What the snapshot records"));
  Option& host = command.option("host,H", _("HOST"), options.host,
                                _("name of the computer in the snapshot (default: this one's)"));
  host.environment = "HOST";
  host.older = "hostname";
  command.options("tag", _("TAG[,TAG...]"), options.tags,
                  _("tags for the snapshot; may be repeated"));
  command.parsed(
      "time", _("TIME"),
      [&options](const std::string& text) {
        options.time = parse_local_time(text);
        if (!options.time) throw Error(Errc::usage, _("must look like 2026-11-22 22:08:41"));
      },
      _("time of the snapshot, as \"2026-11-22 22:08:41\" (default: now)"));
  command.flag("with-atime", options.with_atime, _("record when files were last read"));
  command.group(_("How to do it"));
  Option& readers = command.number("read-concurrency", _("N"), options.read_concurrency,
                                   _("how many files to read at the same time (default 2)"));
  readers.environment = "READ_CONCURRENCY";
  readers.set = [&options, number = readers.set](const std::string& text) {
    number(text);
    if (options.read_concurrency > kMaxReadConcurrency) {
      throw Error(Errc::usage, format_text(_("must be at most {}"), kMaxReadConcurrency));
    }
  };
  command.flag("no-scan", options.no_scan,
               _("do not count files first; progress is then shown without percentages"));
  command.flag("dry-run,n", options.dry_run, _("store nothing, only say what would be done"));
  command
      .option("summary-file", _("FILE"), options.summary_file,
              _("write the summary, or why there is none, to this file instead of what it held; "
                "with --quiet too"))
      .kind = ValueKind::file;
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
  add_source_options(command, *options);
  add_filter_options(command, *options);
  add_change_options(command, *options);
  add_record_options(command, *options);
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
