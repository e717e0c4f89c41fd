#include "medsave/archive/parent_choice.hpp"

#include <algorithm>
#include <string>

namespace medsave {
namespace {

bool includes(const std::vector<std::string>& all, const std::vector<std::string>& wanted) {
  return std::ranges::all_of(
      wanted, [&](const std::string& text) { return std::ranges::find(all, text) != all.end(); });
}

bool may_be_parent(const Snapshot& candidate, const Snapshot& snapshot, const GroupBy& group_by) {
  return candidate.time.instant <= snapshot.time.instant &&
         (!group_by.host || candidate.hostname == snapshot.hostname) &&
         (!group_by.paths || includes(candidate.paths, snapshot.paths)) &&
         (!group_by.tags || includes(candidate.tags, snapshot.tags));
}

}  // namespace

const SnapshotEntry* choose_parent(const std::vector<SnapshotEntry>& snapshots,
                                   const Snapshot& snapshot, const GroupBy& group_by) {
  const SnapshotEntry* best = nullptr;
  for (const SnapshotEntry& entry : snapshots) {
    if (!may_be_parent(entry.snapshot, snapshot, group_by)) continue;
    if (best == nullptr || best->snapshot.time.instant <= entry.snapshot.time.instant) {
      best = &entry;
    }
  }
  return best;
}

}  // namespace medsave
