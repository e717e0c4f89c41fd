#pragma once

#include "medsave/snap/snapshot_finder.hpp"

#include <functional>
#include <set>
#include <vector>

namespace medsave {

// Clocks of computers are wrong at times, by years when the battery on the board is empty. A
// snapshot's parent existed before it, whatever the clocks said.

/// Whether a snapshot's time is so far ahead of `now` (an hour) that the clock it comes from must
/// have been wrong, or is wrong now.
bool is_in_future(const Timestamp& time, const Timestamp& now);

/// The snapshots with a direct or indirect parent of a later time: the clock was behind when they
/// were made, so that they seem older than snapshots that existed before. A parent that was
/// replaced (`tag` gives a snapshot a new id) is found, too.
std::set<Id> made_with_clock_behind(const std::vector<SnapshotEntry>& snapshots);

/// Of the snapshots (oldest first) that `fits` accepts, the one that was made last of all that were
/// made after `chosen` although their time is earlier; nullptr where there is none.
const SnapshotEntry* last_made_after(const SnapshotEntry& chosen,
                                     const std::vector<SnapshotEntry>& snapshots,
                                     const std::function<bool(const Snapshot&)>& fits);

}  // namespace medsave
