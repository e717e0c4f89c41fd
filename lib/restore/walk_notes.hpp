#pragma once

#include "restore_log.hpp"

#include "medsave/base/clock.hpp"
#include "medsave/snap/path_filter.hpp"
#include "medsave/sys/memory.hpp"

#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>

namespace medsave {

/// Notes which patterns match something: all include patterns, and exclude patterns that begin with
/// '/', because those are often written for another root. Thread-safe.
class PatternUse {
 public:
  PatternUse(const PathFilter& includes, const PathFilter& excludes);
  /// A path of the snapshot that was met.
  void meet(const std::string& path);
  /// Names the patterns that matched none.
  void report(RestoreLog& log) const;

 private:
  struct Pattern {
    std::string text = {};
    PathFilter filter = {};
    std::atomic<bool> used = false;
  };
  std::deque<Pattern> patterns_;
  bool includes_ = false;
};

/// Counts what of the target is lost that somebody may need: files that are newer than in the
/// snapshot and will be overwritten, files and links in whose place the snapshot has a folder, and
/// full folders in whose place it has a file or link.
/// Thread-safe.
class NewerFiles {
 public:
  void add(const std::string& path, const Timestamp& mtime);
  void add_replaced(const std::string& path);
  void add_folder(const std::string& path);
  void report(RestoreLog& log, bool dry_run) const;

 private:
  std::mutex mutex_;  // guards the following
  unsigned long count_ = 0;
  Timestamp newest_time_ = {};
  std::string newest_ = {};
  unsigned long replaced_ = 0;
  std::string first_replaced_ = {};
  unsigned long folders_ = 0;
  std::string first_folder_ = {};
};

/// Counts entries of other users that are replaced: the user who restores becomes their owner,
/// since only root can give files away. Thread-safe.
class OthersFiles {
 public:
  void add(const std::string& path);
  void report(RestoreLog& log) const;

 private:
  std::mutex mutex_;  // guards the following
  unsigned long count_ = 0;
  std::string first_ = {};
};

/// What planning notes of the whole restore. Thread-safe.
struct PlanNotes {
  PlanNotes(const RestoreRequest& request, bool is_trial)
      : patterns(request.includes, request.excludes), memory(request.memory), dry_run(is_trial) {}
  void report(RestoreLog& log) const;

  PatternUse patterns;
  NewerFiles newer = {};
  OthersFiles others = {};
  MemoryAllowance memory;
  bool dry_run;
  std::atomic<std::uint64_t> extras_kept = 0;  // beside the sources
};

}  // namespace medsave
