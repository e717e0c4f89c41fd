#pragma once

#include "backup_options.hpp"
#include "context.hpp"

#include "medsave/base/clock.hpp"
#include "medsave/base/id.hpp"
#include "medsave/format/snapshot.hpp"
#include "medsave/snap/snapshot_finder.hpp"

#include <optional>
#include <vector>

namespace medsave::cli {

/// The parent of a backup, at most one of the two.
struct ParentToUse {
  std::optional<SnapshotEntry> compared_with = {};  // files that are as in it are not read
  std::optional<Id> only_recorded = {};             // in the snapshot
};
/// `snapshot`: the one that is to be made. `is_stream`: from standard input, which is compared with
/// nothing. Warns where a clock is or was wrong. Throws Error for a --parent that is not there.
ParentToUse find_parent(const Snapshot& snapshot, bool is_stream, const BackupOptions& options,
                        const std::vector<SnapshotEntry>& snapshots, const Timestamp& now,
                        Context& context);

}  // namespace medsave::cli
