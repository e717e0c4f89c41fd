#include "backup_report.hpp"

#include "medsave/base/text.hpp"
#include "medsave/base/units.hpp"
#include "medsave/format/time_text.hpp"
#include "medsave/ui/display_text.hpp"
#include "medsave/ui/json_object.hpp"

#include <fmt/format.h>

namespace medsave::cli {
namespace {

constexpr std::size_t kMaxSkippedShown = 20;

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
  out.notice = [this](const std::string& message) {
    context_.warn(context_.console.name_for_err(message));
  };
  return out;
}

void BackupReport::problem(const BackupProblem& problem) {
  if (context_.global.json) {
    context_.warn(JsonObject("error")
                      .add_json("error", JsonObject().add("message", problem.message).text())
                      .add("during", problem.during_scan ? "scan" : "archival")
                      .add("item", problem.path)
                      .text());
  } else {
    context_.warn(context_.console.name_for_err(
        format_text(_("error: {}: {}"), problem.path, problem.message)));
  }
  if (problem.during_scan) return;  // the archiver meets it again
  remember(problem.path + ": " + problem.message);
}

void BackupReport::missing_target(const std::string& target) {
  ++missing_targets_;
  context_.warn(
      context_.console.name_for_err(format_text(_("{} does not exist, skipping"), target)));
  remember(format_text(_("{}: does not exist"), target));
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
      pad_to_width(action_label(item.action), 10) + context_.console.name_for_out(item.path);
  if (item.action == ItemAction::unchanged) {
    context_.console.print(head);
    return;
  }
  std::string line = format_text(_("{}, saved in {:.3f}s ({} added, {} stored"), head, item.seconds,
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
      n_("scan finished in {:.3f}s: {} file, {}", "scan finished in {:.3f}s: {} files, {}", files),
      seconds, files, format_size(bytes)));
}

void BackupReport::finish(const BackupResult& result) {
  if (context_.global.json) {
    print_json_summary(result);
  } else if (context_.verbosity() >= 1) {
    print_summary(result);
  }
}

void BackupReport::print_summary(const BackupResult& result) {
  const SnapshotSummary summary = result.snapshot.summary.value_or(SnapshotSummary{});
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - start_);
  context_.info("");
  context_.info(format_text(_("Files:       {:5} new, {:5} changed, {:5} unmodified"),
                            summary.files_new, summary.files_changed, summary.files_unmodified));
  context_.info(format_text(_("Dirs:        {:5} new, {:5} changed, {:5} unmodified"),
                            summary.dirs_new, summary.dirs_changed, summary.dirs_unmodified));
  context_.detail(format_text(_("Data Blobs:  {:5} new"), summary.data_blobs));
  context_.detail(format_text(_("Tree Blobs:  {:5} new"), summary.tree_blobs));
  const char* added = dry_run_ ? _("Would add to the repository: {:<5} ({:<5} stored)")
                               : _("Added to the repository: {:<5} ({:<5} stored)");
  context_.info(
      format_text(added, format_size(summary.data_added), format_size(summary.data_added_packed)));
  context_.info("");
  const unsigned long files = summary.total_files_processed;
  context_.info(
      format_text(n_("processed {} files, {} in {}", "processed {} files, {} in {}", files), files,
                  format_size(summary.total_bytes_processed), format_duration(seconds)));
  print_skipped();
  if (result.changed_while_read != 0) {
    const unsigned long count = result.changed_while_read;
    context_.info(format_text(
        n_("{} file kept changing while it was read; its copy may not hang together",
           "{} files kept changing while they were read; their copies may not hang together",
           count),
        count));
  }
  if (result.skipped_unchanged) {
    context_.info(_("skipped creating snapshot"));
  } else if (result.snapshot_id && !dry_run_) {
    context_.info(format_text(_("snapshot {} saved"),
                              context_.console.bold(result.snapshot_id->short_hex())));
  }
}

void BackupReport::print_skipped() {
  const std::lock_guard lock(mutex_);
  if (skipped_count_ == 0) return;
  const unsigned long count = skipped_count_;
  context_.info(
      format_text(n_("{} item could not be read and is missing from the snapshot:",
                     "{} items could not be read and are missing from the snapshot:", count),
                  count));
  for (const std::string& line : skipped_) {
    context_.info("  " + context_.console.name_for_out(line));
  }
  const unsigned long more = skipped_count_ - skipped_.size();
  if (more != 0) context_.info("  " + format_text(n_("and {} more", "and {} more", more), more));
}

void BackupReport::print_json_summary(const BackupResult& result) {
  const SnapshotSummary summary = result.snapshot.summary.value_or(SnapshotSummary{});
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
  if (result.snapshot_id && !result.skipped_unchanged) {
    out.add("snapshot_id", result.snapshot_id->hex());
  }
  if (dry_run_) out.add("dry_run", true);
  context_.add_traffic(out);
  context_.console.print(out.text());
}

}  // namespace medsave::cli
