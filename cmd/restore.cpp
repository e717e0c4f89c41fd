#include "chosen_snapshots.hpp"
#include "command_line.hpp"
#include "commands.hpp"
#include "context.hpp"
#include "exit_codes.hpp"
#include "open_repository.hpp"
#include "restore_failure.hpp"
#include "snapshot_options.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/sentences.hpp"
#include "medsave/base/text.hpp"
#include "medsave/base/units.hpp"
#include "medsave/json/json_object.hpp"
#include "medsave/remote/location.hpp"
#include "medsave/repo/reliable_index.hpp"
#include "medsave/restore/restorer.hpp"
#include "medsave/snap/snapshot_excludes.hpp"
#include "medsave/snap/snapshot_finder.hpp"
#include "medsave/snap/snapshot_sources.hpp"
#include "medsave/sys/file_info.hpp"
#include "medsave/sys/process.hpp"
#include "medsave/ui/display_text.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <string_view>
#include <utility>

namespace medsave::cli {
namespace {

struct RestoreOptions {
  std::string target = {};
  PatternOptions excludes = {};
  PatternOptions includes = {};
  PatternOptions exclude_xattrs = {};
  PatternOptions include_xattrs = {};
  SnapshotChoice snapshots = {};
  std::optional<Overwrite> overwrite = {};  // none chosen
  bool delete_extra = false;
  bool dry_run = false;
  bool verify = false;
  bool no_sync = false;
  bool sparse = false;
  bool ownership_by_name = false;
};

using SteadyClock = std::chrono::steady_clock;

std::string elapsed_text(SteadyClock::time_point start) {
  return format_duration(
      std::chrono::duration_cast<std::chrono::seconds>(SteadyClock::now() - start));
}

const char* action_name(RestoreAction action) {
  switch (action) {
    case RestoreAction::restored:
    case RestoreAction::entered:
      return "restored";
    case RestoreAction::updated:
      return "updated";
    case RestoreAction::deleted:
      return "deleted";
    case RestoreAction::unchanged:
    case RestoreAction::skipped:
      return "unchanged";
  }
  return "";
}

std::string action_label(RestoreAction action, Identity identity, bool dry_run) {
  switch (action) {
    case RestoreAction::entered:
      if (identity == Identity::medsave) return _("unchanged");
      [[fallthrough]];
    case RestoreAction::restored:
      return dry_run ? _("to be restored") : _("restored");
    case RestoreAction::updated:
      return dry_run ? _("to be updated") : _("updated");
    case RestoreAction::deleted:
      return dry_run ? _("to be deleted") : _("deleted");
    case RestoreAction::unchanged:
      return _("unchanged");
    case RestoreAction::skipped:
      return _("skipped");
  }
  return {};
}

/// restic's width, or as wide as the longest label is in this language.
std::size_t label_width(Identity identity, bool dry_run) {
  std::size_t width = 10;
  for (const RestoreAction action :
       {RestoreAction::restored, RestoreAction::updated, RestoreAction::deleted,
        RestoreAction::unchanged, RestoreAction::skipped}) {
    width = std::max(width, display_width(action_label(action, identity, dry_run)));
  }
  return width;
}

void print_item(const RestoreItem& item, bool dry_run, Context& context) {
  if (context.global.json) {
    context.console.print(JsonObject("verbose_status")
                              .add("action", action_name(item.action))
                              .add("item", item.path)
                              .add("size", item.size)
                              .text());
    return;
  }
  const bool in_future = dry_run && context.identity == Identity::medsave;
  std::string line = pad_to_width(action_label(item.action, context.identity, in_future),
                                  label_width(context.identity, in_future)) +
                     " " + escape_for_terminal(item.path);
  if (item.size != 0) line += format_text(_(" with size {}"), format_size(item.size));
  context.console.print(line);
}

/// People look for it in the target; restic names what the snapshot has.
std::string shown_problem(const RestoreProblem& problem, const RestoreOptions& options,
                          const Context& context) {
  if (context.identity == Identity::restic) {
    return format_text(_("error: {}: {}"), problem.path, problem.message);
  }
  const std::string place = place_in_target(options.target, problem.path);
  return format_text(_("error: {}: {}"), place, without_own_name(problem.message, place));
}

void print_problem(const RestoreProblem& problem, const RestoreOptions& options, Context& context) {
  if (context.global.json) {
    context.warn(JsonObject("error")
                     .add_json("error", JsonObject().add("message", problem.message).text())
                     .add("during", "restore")
                     .add("item", problem.path));
    return;
  }
  context.warn(escape_for_terminal(shown_problem(problem, options, context)));
}

RestoreSinks make_sinks(const RestoreOptions& options, Context& context) {
  RestoreSinks sinks;
  sinks.problem = [&](const RestoreProblem& problem) { print_problem(problem, options, context); };
  if (context.verbosity() >= 3) {
    sinks.item = [&](const RestoreItem& item) { print_item(item, options.dry_run, context); };
  }
  sinks.notice = [&context](const std::string& line) { context.warn(escape_for_terminal(line)); };
  return sinks;
}

void print_json_summary(const RestoreResult& result, SteadyClock::time_point start,
                        Context& context) {
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(SteadyClock::now() - start).count();
  JsonObject out("summary");
  out.add_nonzero("seconds_elapsed", static_cast<std::uint64_t>(seconds))
      .add_nonzero("total_files", result.files_total)
      .add_nonzero("files_restored", result.files_restored)
      .add_nonzero("files_skipped", result.files_skipped)
      .add_nonzero("files_deleted", result.files_deleted)
      .add_nonzero("total_bytes", result.bytes_total)
      .add_nonzero("bytes_restored", result.bytes_restored)
      .add_nonzero("bytes_skipped", result.bytes_skipped);
  context.add_traffic(out);
  context.console.print(out.text());
}

void tell_of_unverified(unsigned long left, Context& context) {
  if (left == 0) return;
  context.info(format_text(
      n_("{} file was there already; as --overwrite asks, it was neither restored nor compared",
         "{} files were there already; as --overwrite asks, they were neither restored nor "
         "compared",
         left),
      left));
}

/// In restic's words, which count folders as files.
std::string resticlike_summary(const RestoreResult& result, SteadyClock::time_point start) {
  const bool complete =
      result.files_restored == result.files_total && result.bytes_restored == result.bytes_total;
  const unsigned long restored = result.files_restored;
  std::string line =
      complete ? format_text(n_("Summary: Restored {} files/dirs ({}) in {}",
                                "Summary: Restored {} files/dirs ({}) in {}", restored),
                             restored, format_size(result.bytes_restored), elapsed_text(start))
               : format_text(_("Summary: Restored {} / {} files/dirs ({} / {}) in {}"),
                             result.files_restored, result.files_total,
                             format_size(result.bytes_restored), format_size(result.bytes_total),
                             elapsed_text(start));
  if (result.files_skipped != 0) {
    const unsigned long skipped = result.files_skipped;
    line += format_text(n_(", skipped {} files/dirs {}", ", skipped {} files/dirs {}", skipped),
                        skipped, format_size(result.bytes_skipped));
  }
  if (result.files_deleted != 0) {
    const unsigned long deleted = result.files_deleted;
    line += format_text(n_(", deleted {} files/dirs", ", deleted {} files/dirs", deleted), deleted);
  }
  return line;
}

/// "2 files and 1 folder"; what there is none of is left out, but for "0 files".
std::string counted(unsigned long files, unsigned long folders) {
  const std::string of_files = format_text(n_("{} file", "{} files", files), files);
  const std::string of_folders = format_text(n_("{} folder", "{} folders", folders), folders);
  if (folders == 0) return of_files;
  return files == 0 ? of_folders : format_text(_("{} and {}"), of_files, of_folders);
}

/// Restored, there already, left and incomplete together are all that was asked for.
std::string summary(const RestoreResult& result, bool dry_run, SteadyClock::time_point start) {
  const unsigned long made = result.folders_restored - result.folders_there;
  const unsigned long files = result.files_restored - result.folders_restored;
  std::string line =
      format_text(dry_run ? _("Would restore {} ({})") : _("Restored {} ({}) in {}"),
                  counted(files, made), format_size(result.bytes_restored), elapsed_text(start));
  const unsigned long same = result.files_skipped - result.files_left;
  if (const unsigned long there = same + result.folders_there; there != 0) {
    line += format_text(n_(", {} was there already ({})", ", {} were there already ({})", there),
                        counted(same, result.folders_there),
                        format_size(result.bytes_skipped - result.bytes_left));
  }
  if (const unsigned long left = result.files_left; left != 0) {
    line += format_text(n_(", {} file was left as it is, as --overwrite asks ({})",
                           ", {} files were left as they are, as --overwrite asks ({})", left),
                        left, format_size(result.bytes_left));
  }
  const unsigned long failed = result.files_total - result.files_restored + result.refused;
  if (failed != 0) {
    line += format_text(n_(", {} file or folder is missing or incomplete",
                           ", {} files and folders are missing or incomplete", failed),
                        failed);
  }
  if (const unsigned long deleted = result.files_deleted; deleted != 0) {
    const char* text =
        dry_run
            ? n_(", would delete {} file or folder", ", would delete {} files and folders", deleted)
            : n_(", deleted {} file or folder", ", deleted {} files and folders", deleted);
    line += format_text(text, deleted);
  }
  return line;
}

void print_summary(const RestoreResult& result, const RestoreOptions& options,
                   SteadyClock::time_point start, Context& context) {
  if (context.identity == Identity::restic) {
    context.info(resticlike_summary(result, start));
  } else {
    // Where no pattern fits anything, that was said already.
    const bool nothing_fits = !options.includes.empty() && result.files_total == 0 &&
                              result.files_skipped == 0 && result.files_deleted == 0;
    if (!nothing_fits) context.info(summary(result, options.dry_run, start));
    if (options.dry_run) context.info(_("Dry run: nothing was written or deleted"));
  }
  if (options.verify && !options.dry_run) {
    const unsigned long files = result.files_verified;
    context.info(format_text(
        n_("verified the content of {} file", "verified the content of {} files", files), files));
    tell_of_unverified(result.files_left, context);
  }
}

RestoreRequest make_request(const RestoreOptions& options) {
  if (!options.excludes.empty() && !options.includes.empty()) {
    throw Error(Errc::usage, _("exclude and include patterns are mutually exclusive"));
  }
  if (!options.exclude_xattrs.empty() && !options.include_xattrs.empty()) {
    throw Error(Errc::usage, _("exclude and include xattr patterns are mutually exclusive"));
  }
  if (options.dry_run && options.verify) {
    throw Error(Errc::usage, _("--dry-run and --verify are mutually exclusive"));
  }
  if (options.target.empty()) {
    throw Error(Errc::usage, _("please specify a directory to restore to (--target)"));
  }
  return {.target = options.target,
          .excludes = options.excludes.filter("exclude"),
          .includes = options.includes.filter("include"),
          .exclude_xattrs = options.exclude_xattrs.filter("exclude-xattr"),
          .include_xattrs = options.include_xattrs.filter("include-xattr"),
          .overwrite = options.overwrite.value_or(Overwrite::always),
          .tell_of_newer = !options.overwrite,
          .delete_extra = options.delete_extra,
          .verify = options.verify,
          .sync = !options.no_sync,
          .sparse = options.sparse,
          .ownership_by_name = options.ownership_by_name};
}

/// The files that are needed to open the repository: a restore must not replace or delete them.
std::vector<std::string> files_that_open(const RepositoryChoice& choice) {
  std::vector<std::string> files = split_command(choice.password_command);
  std::erase_if(files, [](const std::string& word) { return word.find('/') == std::string::npos; });
  files.push_back(choice.password_file);
  files.push_back(choice.location_file);
  std::erase(files, "");
  return files;
}

/// Whether the target exists; true also when that cannot be found out, since run_restore() reports
/// the reason.
bool is_there(const std::string& target) {
  try {
    return stat_at(kCurrentDirectory, target).has_value();
  } catch (const Error&) {
    return true;
  }
}

/// What the request takes from the snapshot: the tree, and what must stay beside it.
void set_snapshot(RestoreRequest& request, const Snapshot& snapshot, const std::string& subfolder,
                  const BlobReader& reader) {
  SnapshotFolder folder = find_folder(reader, snapshot.tree, subfolder);
  request.tree = folder.tree;
  request.folder = std::move(folder.node);
  // A folder that is yet to be made holds nothing that could be lost.
  if (is_there(request.target)) request.sources = find_sources(reader, snapshot, subfolder);
  if (request.delete_extra) request.left_out = SnapshotExcludes(snapshot, subfolder);
  request.is_derived = snapshot.original.has_value();
}

void announce(const SnapshotEntry& entry, const RestoreOptions& options, Context& context) {
  context.info(format_text(_("restoring {} to {}"), describe_snapshot(entry), options.target));
  if (options.dry_run && context.identity == Identity::medsave) {
    context.info(_("Dry run: nothing will be written or deleted"));
  }
}

/// run_restore() with its progress shown. Where it throws, people learn that the target is
/// incomplete.
RestoreResult run_and_show(const BlobReader& reader, const RestoreRequest& request,
                           const RestoreOptions& options, Context& context,
                           const std::stop_token& stop) {
  Progress progress;
  progress.stop = stop;
  progress.line_rate = context.global.limit_download * 1024;
  try {
    const ProgressDisplay display(context.console, progress, ProgressKind::restore,
                                  context.progress_style(), context.progress_interval());
    const RestoreSinks sinks = make_sinks(options, context);
    if (options.dry_run) return plan_restore(reader, request, sinks, progress, stop).outcome;
    return run_restore(reader, request, sinks, progress, stop);
  } catch (const Interrupted&) {
    context.tell_of_interruption();
    if (!options.dry_run) {
      context.warn(escape_for_terminal(format_text(
          _("what was restored to {} is incomplete; the same command goes on from there"),
          options.target)));
    }
    throw;
  } catch (const Error& e) {
    if (e.code() != Errc::no_space) throw;
    throw Error(
        e.code(),
        with_sentence(
            e.what(),
            format_text(
                _("What was restored to {} is incomplete; the backups are not touched. Make room "
                  "or choose another folder: the same command goes on from there."),
                options.target)));
  }
}

void tell_result(const RestoreResult& result, const RestoreOptions& options,
                 SteadyClock::time_point start, Context& context) {
  if (!options.dry_run) {
    const unsigned long files = result.files_restored - result.folders_there;
    context.done(format_text(n_("{} file or folder was restored to {}",
                                "{} files and folders were restored to {}", files),
                             files, escape_for_terminal(options.target)));
  }
  if (context.global.json) {
    print_json_summary(result, start, context);
  } else {
    print_summary(result, options, start, context);
  }
}

void run_restore_command(const RestoreOptions& options, const std::string& snapshot,
                         Context& context) {
  RestoreRequest request = make_request(options);
  const OpenedRepository& opened = open_repository(context, kForReading);
  const Repository& repository = opened.repository();
  const SnapshotSpec spec = parse_snapshot_spec(snapshot);
  const auto snapshots = load_candidates(repository, spec.id, opened.stop(), context);
  const SnapshotEntry& entry =
      find_snapshot(snapshots, spec.id, options.snapshots.filter(), context.notices());
  const std::unique_ptr<Index> index =
      load_readable_index(repository, context.notices(), opened.stop());
  const BlobReader reader(repository, *index);
  set_snapshot(request, entry.snapshot, spec.subfolder, reader);
  request.repository = folder_here(chosen_location(context.global.repository)).value_or("");
  request.opening_files = files_that_open(context.global.repository);
  request.own_folders = {cache_base(context.global)};
  announce(entry, options, context);

  const auto start = SteadyClock::now();
  const RestoreResult result = run_and_show(reader, request, options, context, opened.stop());
  if (opened.lock() != nullptr) opened.lock()->confirm();
  tell_result(result, options, start, context);
  require_no_problems(result);
}

void add_selection_options(Command& command, RestoreOptions& options) {
  command.group(_("What to restore"));
  add_include_options(command, options.includes);
  add_exclude_options(command, options.excludes);
  command.options("include-xattr", _("PATTERN"), options.include_xattrs.patterns,
                  _("restore only extended attributes whose names match; may be repeated"));
  command.options("exclude-xattr", _("PATTERN"), options.exclude_xattrs.patterns,
                  _("do not restore extended attributes whose names match; may be repeated"));
  add_snapshot_options(command, options.snapshots);
}

void add_writing_options(Command& command, RestoreOptions& options) {
  command.group(_("Where and how"));
  command
      .option("target,t", _("FOLDER"), options.target,
              _("folder to restore to; made if it does not exist"))
      .kind = ValueKind::directory;
  Option& overwrite = command.parsed(
      "overwrite", _("WHEN"),
      [&options](const std::string& text) { options.overwrite = parse_overwrite(text); },
      _("which existing files to write again: always (default), if-changed, if-newer or never"));
  overwrite.kind = ValueKind::choice;
  overwrite.choices = {"always", "if-changed", "if-newer", "never"};
  command.flag(
      "delete", options.delete_extra,
      _("remove from the target what the snapshot does not have, within the folders that "
        "were saved; see before with --dry-run -vv. Kept are repositories, caches of them, "
        "and what the backup's --exclude patterns match; a snapshot tells nothing of what "
        "other options (--iexclude, pattern files, --exclude-if-present, "
        "--exclude-larger-than) left out or what could not be read: that is removed too."));
  command.flag("dry-run", options.dry_run, _("write nothing, only say what would be done"));
  command.flag("verify", options.verify,
               _("read all files back from the drive afterwards and compare"));
  command.flag(
      "no-sync", options.no_sync,
      _("do not wait until everything is safe on the drive: a power cut soon afterwards may "
        "take it away, or leave files without their content that --overwrite if-changed takes for "
        "complete; with --verify, the content of files is safe all the same"));
  command.flag("sparse", options.sparse, _("leave holes where files have long runs of zeros"));
  command.flag("ownership-by-name", options.ownership_by_name,
               _("give files to users and groups of the same name instead of the same number"));
}

}  // namespace

void add_restore(Command& root) {
  auto options = std::make_shared<RestoreOptions>();
  Command& command = root.add_command("restore", _("Get files back from a snapshot"));
  command.describe(
      _("Restores a snapshot, or what the patterns select from it, into a folder. \"latest\" means "
        "the newest snapshot; \"latest:/srv/practice/letters\" restores only that folder, with its "
        "content directly in the target; a target that is new or empty becomes like that folder "
        "itself.\n\n"
        "Over existing files only the parts that differ are written. What cannot be restored is "
        "named, and makes the exit status 1; everything else is restored."));
  command.arguments(_("SNAPSHOT[:FOLDER]"));
  add_writing_options(command, *options);
  add_selection_options(command, *options);
  command.exit_codes({kExitNoRepository, kExitLocked, kExitWrongPassword});
  command.examples({{_("medsave -r /media/usb/medsave restore latest --target ~/restored"),
                     _("everything, beside what is there")},
                    {_("medsave restore latest --target / --include '/srv/practice/letters/2026*'"),
                     _("some letters, to where they were")}});
  command.run([options](Context& context, const std::vector<std::string>& arguments) {
    if (arguments.empty()) {
      throw Error(Errc::usage, _("no snapshot ID specified; \"latest\" is the newest"));
    }
    if (arguments.size() > 1) {
      throw Error(Errc::usage,
                  format_text(_("more than one snapshot ID specified: {}"), join(arguments, " ")));
    }
    run_restore_command(*options, arguments.front(), context);
  });
}

}  // namespace medsave::cli
