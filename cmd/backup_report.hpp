#pragma once

#include "context.hpp"

#include "medsave/archive/archiver.hpp"

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

namespace medsave::cli {

/// Everything `backup` says while it runs and at the end, as text or JSON.
class BackupReport {
 public:
  BackupReport(Context& context, bool dry_run) : context_(context), dry_run_(dry_run) {}

  /// For run_backup(); refer to this report.
  [[nodiscard]] BackupSinks sinks();
  /// A target, or a line of a list, that is not there; the backup goes on without it.
  void unusable_target(const std::string& target, const std::string& why);
  [[nodiscard]] std::uint64_t unusable_targets() const { return unusable_targets_; }
  /// Sources, computer and time of this backup, for the summary's heading.
  void set_job(const Snapshot& snapshot) { job_ = snapshot; }
  /// The summary. What was skipped is named here once more, since it may have scrolled away.
  void finish(const BackupResult& result);
  /// Throws Error(usage) when that file holds anything but a former summary, which is not replaced.
  static void require_summary_file(const std::string& file);
  /// Replaces the file by a note that the backup is under way, which a run that is killed leaves.
  void write_begun(const std::string& file) const;
  /// Replaces the file by the summary; `failure` is what ended the backup early or spoilt it.
  enum class Outcome { complete, incomplete, interrupted, failed };
  void write_summary(const std::string& file, Outcome outcome,
                     const std::string& failure = {}) const;

 private:
  void problem(const BackupProblem& problem);
  void remember(const std::string& line);
  void item(const BackupItem& item);
  void scan_finished(std::uint64_t files, std::uint64_t bytes, double seconds);
  void print_summary(const BackupResult& result);
  void print_json_summary(const BackupResult& result);
  void print_skipped();
  [[nodiscard]] std::string heading() const;
  void say(const std::string& line);
  void warn(const std::string& line);

  Context& context_;
  const bool dry_run_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::uint64_t unusable_targets_ = 0;
  Snapshot job_ = {};
  std::string summary_ = {};          // lines of text below the heading, or one of JSON
  std::mutex mutex_;                  // guards skipped_ and skipped_count_
  std::vector<std::string> skipped_;  // lines for the summary, the first few
  std::uint64_t skipped_count_ = 0;
};

}  // namespace medsave::cli
