#pragma once

#include "command_line.hpp"
#include "context.hpp"
#include "snapshot_options.hpp"
#include "targets.hpp"

#include "medsave/base/clock.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace medsave::cli {

/// What the command line of `backup` says.
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

void add_backup_options(Command& command, BackupOptions& options);

/// Throws Error(usage) for options and arguments that do not go together.
void refuse_contradictions(const BackupOptions& options, const std::vector<std::string>& arguments,
                           const Context& context);

}  // namespace medsave::cli
