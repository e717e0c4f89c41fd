#include "backup_report.hpp"

#include "log_file.hpp"
#include "snapshot_options.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/sentences.hpp"
#include "medsave/base/text.hpp"
#include "medsave/base/units.hpp"
#include "medsave/format/time_text.hpp"
#include "medsave/json/json_object.hpp"
#include "medsave/sys/file_info.hpp"
#include "medsave/sys/file_io.hpp"
#include "medsave/ui/display_text.hpp"

#include <fmt/format.h>

namespace medsave::cli {
namespace {

constexpr std::size_t kMaxSkippedShown = 20;
constexpr unsigned kPrivateFile = 0600;
// How a summary begins, in every language.
constexpr std::string_view kTextMark = "medsave";
constexpr std::string_view kJsonMark = "{\"message_type\"";
constexpr std::size_t kResticPadding = 5;  // columns of a size, at least

const char* first_line(BackupReport::Outcome outcome) {
  switch (outcome) {
    case BackupReport::Outcome::incomplete:
      return _("medsave: INCOMPLETE: {}");
    case BackupReport::Outcome::interrupted:
      return _("medsave: INTERRUPTED: {}");
    case BackupReport::Outcome::failed:
      return _("medsave: FAILED: {}");
    case BackupReport::Outcome::complete:
      break;
  }
  return _("medsave: {}");
}

std::string json_time(const ZonedTime& time) { return format_zoned_time(time); }

const char* action_name(ItemAction action) {
  switch (action) {
    case ItemAction::added:
      return "new";
    case ItemAction::modified:
      return "modified";
    case ItemAction::unchanged:
      return "unchanged";
  }
  return "";
}

std::string action_label(ItemAction action) {
  switch (action) {
    case ItemAction::added:
      return _("new");
    case ItemAction::modified:
      return _("modified");
    case ItemAction::unchanged:
      return _("unchanged");
  }
  return {};
}

}  // namespace

BackupSinks BackupReport::sinks() {
  BackupSinks out;
  out.problem = [this](const BackupProblem& p) { problem(p); };
  if (context_.verbosity() >= (context_.global.json ? 2 : 3)) {
    out.item = [this](const BackupItem& i) { item(i); };
  }
  if (context_.verbosity() >= 2) {
    out.scan_finished = [this](std::uint64_t files, std::uint64_t bytes, double seconds) {
      scan_finished(files, bytes, seconds);
    };
  }
  out.notice = [this](const std::string& message) { context_.warn(escape_for_terminal(message)); };
  return out;
}

void BackupReport::problem(const BackupProblem& problem) {
  const std::string message = context_.identity == Identity::restic
                                  ? problem.message
                                  : without_own_name(problem.message, problem.path);
  if (context_.global.json) {
    context_.warn(JsonObject("error")
                      .add_json("error", JsonObject().add("message", problem.message).text())
                      .add("during", problem.during_scan ? "scan" : "archival")
                      .add("item", problem.path));
  } else {
    context_.warn(escape_for_terminal(format_text(_("error: {}: {}"), problem.path, message)));
  }
  if (problem.during_scan) return;  // the archiver reports the same file
  remember(with_colon(problem.path, message));
}

void BackupReport::unusable_target(const std::string& target, const std::string& why) {
  ++unusable_targets_;
  context_.warn(escape_for_terminal(format_text(_("{} is left out: {}"), target, why)));
  remember(with_colon(target, why));
}

void BackupReport::remember(const std::string& line) {
  const std::lock_guard lock(mutex_);
  ++skipped_count_;
  if (skipped_.size() < kMaxSkippedShown) skipped_.push_back(line);
}

void BackupReport::item(const BackupItem& item) {
  if (context_.global.json) {
    context_.console.print(JsonObject("verbose_status")
                               .add("action", action_name(item.action))
                               .add("item", item.path)
                               .add("duration", item.seconds)
                               .add("data_size", item.data_size)
                               .add("data_size_in_repo", item.data_size_in_repo)
                               .add("metadata_size", item.metadata_size)
                               .add("metadata_size_in_repo", item.metadata_size_in_repo)
                               .add("total_files", 0)
                               .text());
    return;
  }
  const std::string head =
      pad_to_width(action_label(item.action), 10) + escape_for_terminal(item.path);
  if (item.action == ItemAction::unchanged) {
    context_.console.print(head);
    return;
  }
  std::string line =
      format_text(_("{}, saved in {}s ({} added, {} stored"), head, format_decimal(item.seconds, 3),
                  format_size(item.data_size), format_size(item.data_size_in_repo));
  if (item.metadata_size != 0) {
    line += format_text(_(", {} metadata"), format_size(item.metadata_size_in_repo));
  }
  context_.console.print(line + ")");
}

void BackupReport::scan_finished(std::uint64_t files, std::uint64_t bytes, double seconds) {
  if (context_.global.json) {
    context_.console.print(JsonObject("verbose_status")
                               .add("action", "scan_finished")
                               .add("item", "")
                               .add("duration", seconds)
                               .add("data_size", bytes)
                               .add("data_size_in_repo", 0)
                               .add("metadata_size", 0)
                               .add("metadata_size_in_repo", 0)
                               .add("total_files", files)
                               .text());
    return;
  }
  context_.detail(format_text(
      n_("scan finished in {}s: {} file, {}", "scan finished in {}s: {} files, {}", files),
      format_decimal(seconds, context_.identity == Identity::restic ? 3 : 1), files,
      format_size(bytes)));
}

void BackupReport::finish(const BackupResult& result) {
  if (context_.global.json) {
    print_json_summary(result);
  } else {
    print_summary(result);
  }
}

/// The first line of the summary: sources, computer, repository and time, so that mails from many
/// computers can be told apart.
std::string BackupReport::heading() const {
  const std::string location = shown_place(chosen_location(context_.global.repository));
  // Empty until set_job() has been called.
  if (job_.paths.empty()) return format_text(_("Backup to {}"), location);
  return format_text(
      dry_run_ ? _("Trial of a backup of {} on {} to {}, {}") : _("Backup of {} on {} to {}, {}"),
      join(job_.paths, ", "), job_.hostname, location, tell_time(job_.time.instant));
}

void BackupReport::say(const std::string& line) {
  context_.info(line);
  summary_ += plain_line(line) + "\n";
}

void BackupReport::warn(const std::string& line) {
  context_.warn(line);
  summary_ += plain_line(line) + "\n";
}

void BackupReport::require_summary_file(const std::string& file) {
  const std::optional<FileInfo> there = stat_at(kCurrentDirectory, file);
  if (!there || (!there->is_regular() && !there->is_dir())) return;
  if (there->is_regular()) {
    const Buffer beginning = read_beginning(file, kJsonMark.size());
    const std::string_view begin = as_text(beginning.view());
    if (begin.empty() || begin.starts_with(kTextMark) || begin.starts_with(kJsonMark)) return;
  }
  throw Error(Errc::usage,
              format_text(_("{} holds something other than the summary of a backup and was not "
                            "replaced; nothing was saved. Name another file with --summary-file."),
                          file));
}

void BackupReport::write_begun(const std::string& file) const {
  const std::optional<FileInfo> there = stat_at(kCurrentDirectory, file);
  if (there && !there->is_regular()) return;  // the reader of a pipe expects only the summary
  const std::string text =
      context_.global.json
          ? JsonObject("exit_error").add("message", "the backup has not ended").text()
          : plain_line(format_text(_("medsave: NOT FINISHED: {}"), heading()));
  write_file_durably(file, as_bytes(text + "\n"), kPrivateFile);
}

void BackupReport::write_summary(const std::string& file, Outcome outcome,
                                 const std::string& failure) const {
  std::string text = summary_;
  if (context_.global.json) {
    if (!failure.empty()) text += JsonObject("exit_error").add("message", failure).text() + "\n";
  } else {
    text = plain_line(format_text(first_line(outcome), heading())) + "\n" + text;
    if (!failure.empty()) text += log_lines(failure, {});
  }
  write_file_durably(file, as_bytes(text), kPrivateFile);
}

void BackupReport::print_summary(const BackupResult& result) {
  const SnapshotSummary summary =
      result.destinations.front().snapshot.summary.value_or(SnapshotSummary{});
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - start_);
  say("");
  if (context_.identity == Identity::medsave) {
    context_.info(heading());
  }
  say(format_text(_("Files:       {:5} new, {:5} changed, {:5} unmodified"), summary.files_new,
                  summary.files_changed, summary.files_unmodified));
  const char* folders =
      context_.identity == Identity::restic
          ? _("Dirs:        {:5} new, {:5} changed, {:5} unmodified")
          : _("Dirs:        {:5} new, {:5} changed, {:5} unmodified (parents included)");
  say(format_text(folders, summary.dirs_new, summary.dirs_changed, summary.dirs_unmodified));
  context_.detail(format_text(_("Data Blobs:  {:5} new"), summary.data_blobs));
  context_.detail(format_text(_("Tree Blobs:  {:5} new"), summary.tree_blobs));
  const char* added = dry_run_ ? _("Would add to the repository: {} ({} stored)")
                               : _("Added to the repository: {} ({} stored)");
  const std::size_t padding = context_.identity == Identity::restic ? kResticPadding : 0;
  say(format_text(added, pad_to_width(format_size(summary.data_added), padding),
                  pad_to_width(format_size(summary.data_added_packed), padding)));
  say("");
  const unsigned long files = summary.total_files_processed;
  say(format_text(n_("processed {} file, {} in {}", "processed {} files, {} in {}", files), files,
                  format_size(summary.total_bytes_processed), format_duration(seconds)));
  print_skipped();
  if (result.stored_again != 0) {
    const unsigned long count = result.stored_again;
    warn(format_text(
        n_("Warning: {} file or folder of the previous snapshot was damaged in the repository; its "
           "present state is stored again. \"medsave check\" tells whether earlier snapshots are "
           "complete.",
           "Warning: {} files and folders of the previous snapshot were damaged in the repository; "
           "their present state is stored again. \"medsave check\" tells whether earlier snapshots "
           "are complete.",
           count),
        count));
  }
  if (result.changed_while_read != 0) {
    const unsigned long count = result.changed_while_read;
    warn(format_text(
        n_("Warning: {} file kept changing while it was read; its copy may be unusable. Close the "
           "program that uses it and run the backup again; of a database, save what its dump "
           "program writes (see \"medsave backup --help\").",
           "Warning: {} files kept changing while they were read; their copies may be unusable. "
           "Close the programs that use them and run the backup again; of a database, save what "
           "its dump program writes (see \"medsave backup --help\").",
           count),
        count));
  }
  if (result.destinations.front().skipped_unchanged) {
    say(_("skipped creating snapshot"));
  } else if (result.destinations.front().snapshot_id && !dry_run_) {
    say(format_text(_("snapshot {} saved"),
                    context_.console.bold(result.destinations.front().snapshot_id->short_hex())));
  }
  if (dry_run_ && context_.identity == Identity::medsave) say(_("Dry run: nothing was saved"));
}

void BackupReport::print_skipped() {
  const std::lock_guard lock(mutex_);
  if (skipped_count_ == 0) return;
  const unsigned long count = skipped_count_;
  say(format_text(n_("{} item is missing from the snapshot, or a part of it:",
                     "{} items are missing from the snapshot, or parts of them:", count),
                  count));
  for (const std::string& line : skipped_) {
    say("  " + line);
  }
  const unsigned long more = skipped_count_ - skipped_.size();
  if (more != 0) say("  " + format_text(n_("and {} more", "and {} more", more), more));
}

void BackupReport::print_json_summary(const BackupResult& result) {
  const SnapshotSummary summary =
      result.destinations.front().snapshot.summary.value_or(SnapshotSummary{});
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start_;
  JsonObject out("summary");
  out.add("files_new", summary.files_new)
      .add("files_changed", summary.files_changed)
      .add("files_unmodified", summary.files_unmodified)
      .add("dirs_new", summary.dirs_new)
      .add("dirs_changed", summary.dirs_changed)
      .add("dirs_unmodified", summary.dirs_unmodified)
      .add("data_blobs", summary.data_blobs)
      .add("tree_blobs", summary.tree_blobs)
      .add("data_added", summary.data_added)
      .add("data_added_packed", summary.data_added_packed)
      .add("total_files_processed", summary.total_files_processed)
      .add("total_bytes_processed", summary.total_bytes_processed)
      .add("total_duration", seconds.count())
      .add("backup_start", json_time(summary.backup_start))
      .add("backup_end", json_time(summary.backup_end));
  if (result.destinations.front().snapshot_id && !result.destinations.front().skipped_unchanged) {
    out.add("snapshot_id", result.destinations.front().snapshot_id->hex());
  }
  if (dry_run_) out.add("dry_run", true);
  context_.add_traffic(out);
  summary_ = out.text() + "\n";
  context_.console.print(out.text());
}

}  // namespace medsave::cli
