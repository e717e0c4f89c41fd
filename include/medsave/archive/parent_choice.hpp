#pragma once

#include "medsave/format/snapshot.hpp"
#include "medsave/snap/snapshot_finder.hpp"

#include <vector>

namespace medsave {

/// The snapshot that serves as parent: newest of the same group whose time is not after
/// `snapshot.time` and whose paths include all of the new ones. nullptr when there is none.
const SnapshotEntry* choose_parent(const std::vector<SnapshotEntry>& snapshots,
                                   const Snapshot& snapshot, const GroupBy& group_by);

/// Snapshots of the same group when the time of one is in the future: a clock was wrong when that
/// one was made, or is wrong now, so times do not tell which was made last.
struct FutureCandidates {
  const SnapshotEntry* newest = nullptr;     // in the future; nullptr where none is
  const SnapshotEntry* last_made = nullptr;  // by the parents since: it, or a later one
};
FutureCandidates find_in_future(const std::vector<SnapshotEntry>& snapshots,
                                const Snapshot& snapshot, const GroupBy& group_by,
                                const Timestamp& now);

}  // namespace medsave
