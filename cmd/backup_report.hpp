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
  /// A target that is not there; the backup goes on without it.
  void missing_target(const std::string& target);
  [[nodiscard]] std::uint64_t missing_targets() const { return missing_targets_; }
  /// The summary. What was skipped is named here once more, since it may have scrolled away.
  void finish(const BackupResult& result);

 private:
  void problem(const BackupProblem& problem);
  void remember(const std::string& line);
  void item(const BackupItem& item);
  void scan_finished(std::uint64_t files, std::uint64_t bytes, double seconds);
  void print_summary(const BackupResult& result);
  void print_json_summary(const BackupResult& result);
  void print_skipped();

  Context& context_;
  const bool dry_run_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::uint64_t missing_targets_ = 0;
  std::mutex mutex_;                  // guards skipped_ and skipped_count_
  std::vector<std::string> skipped_;  // lines for the summary, the first few
  std::uint64_t skipped_count_ = 0;
};

}  // namespace medsave::cli
