#pragma once

#include "medsave/format/snapshot.hpp"
#include "medsave/snap/snapshot_finder.hpp"

#include <vector>

namespace medsave {

/// The snapshot that serves as parent: newest of the same group whose time is not after
/// `snapshot.time` and whose paths include all of the new ones. nullptr when there is none.
const SnapshotEntry* choose_parent(const std::vector<SnapshotEntry>& snapshots,
                                   const Snapshot& snapshot, const GroupBy& group_by);

}  // namespace medsave
