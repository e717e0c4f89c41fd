#pragma once

#include "command_line.hpp"

#include "medsave/snap/path_filter.hpp"
#include "medsave/snap/snapshot_finder.hpp"

#include <string>
#include <vector>

namespace medsave::cli {

class Context;

/// `--host`, `--tag`, `--path`: which snapshots are meant.
struct SnapshotChoice {
  std::vector<std::string> hosts = {};
  std::vector<std::string> tags = {};
  std::vector<std::string> paths = {};

  [[nodiscard]] SnapshotFilter filter() const;
};
/// `letter`: whether -H is short for --host.
void add_snapshot_options(Command& command, SnapshotChoice& choice, bool letter = true);

/// Tells that --host was not given but comes from the environment, where nobody may think of it.
void tell_host_of_environment(const SnapshotChoice& choice, Context& context);

/// One list of patterns in its four forms, e.g. --exclude, --iexclude, --exclude-file,
/// --iexclude-file.
struct PatternOptions {
  std::vector<std::string> patterns = {};
  std::vector<std::string> ignore_case = {};
  std::vector<std::string> files = {};
  std::vector<std::string> files_ignore_case = {};

  [[nodiscard]] bool empty() const {
    return patterns.empty() && ignore_case.empty() && files.empty() && files_ignore_case.empty();
  }
  /// Reads the files. `word` ("exclude") names the option in errors. Throws Error(usage) for
  /// include options without any pattern.
  [[nodiscard]] PathFilter filter(const std::string& word) const;
};
void add_exclude_options(Command& command, PatternOptions& options);
void add_include_options(Command& command, PatternOptions& options);

/// "snapshot 1f2e3d4c of /srv/a and /srv/b at 2026-11-22 05:40:46 by anna@praxis"
std::string describe_snapshot(const SnapshotEntry& entry);
/// "/srv/a, /srv/b"
std::string join(const std::vector<std::string>& texts, const std::string& separator);
/// "a, b and c"
std::string enumerate(std::vector<std::string> parts);

}  // namespace medsave::cli
