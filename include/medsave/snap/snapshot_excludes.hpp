#pragma once

#include "medsave/format/snapshot.hpp"
#include "medsave/snap/path_filter.hpp"

#include <string>
#include <vector>

namespace medsave {

/// What a backup left out, as far as its snapshot records that: the patterns of `--exclude`, but
/// neither those of `--iexclude` and of files nor other options. Immutable and thread-safe.
class SnapshotExcludes {
 public:
  SnapshotExcludes() = default;
  /// `folder` as in find_sources().
  SnapshotExcludes(const Snapshot& snapshot, const std::string& folder);

  /// `path` within `folder` ("/letters/a"). The patterns were applied to paths as they were on the
  /// disk, which a snapshot of a relative source does not have: so a path is matched in each form
  /// that it may have had.
  [[nodiscard]] bool match(const std::string& path) const;

 private:
  PathFilter patterns_ = {};
  std::vector<std::string> prefixes_ =
      {};  // possible beginnings, on the disk, of paths within `folder`
};

}  // namespace medsave
