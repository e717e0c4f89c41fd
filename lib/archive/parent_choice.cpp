#include "medsave/archive/parent_choice.hpp"

#include "medsave/snap/wrong_clock.hpp"

#include <algorithm>
#include <string>

namespace medsave {
namespace {

bool includes(const std::vector<std::string>& all, const std::vector<std::string>& wanted) {
  return std::ranges::all_of(
      wanted, [&](const std::string& text) { return std::ranges::find(all, text) != all.end(); });
}

bool is_of_group(const Snapshot& candidate, const Snapshot& snapshot, const GroupBy& group_by) {
  return (!group_by.host || candidate.hostname == snapshot.hostname) &&
         (!group_by.paths || includes(candidate.paths, snapshot.paths)) &&
         (!group_by.tags || includes(candidate.tags, snapshot.tags));
}

}  // namespace

const SnapshotEntry* choose_parent(const std::vector<SnapshotEntry>& snapshots,
                                   const Snapshot& snapshot, const GroupBy& group_by) {
  const SnapshotEntry* best = nullptr;
  for (const SnapshotEntry& entry : snapshots) {
    if (entry.snapshot.time.instant > snapshot.time.instant) continue;
    if (!is_of_group(entry.snapshot, snapshot, group_by)) continue;
    if (best == nullptr || best->snapshot.time.instant <= entry.snapshot.time.instant) {
      best = &entry;
    }
  }
  return best;
}

FutureCandidates find_in_future(const std::vector<SnapshotEntry>& snapshots,
                                const Snapshot& snapshot, const GroupBy& group_by,
                                const Timestamp& now) {
  const auto fits = [&](const Snapshot& one) { return is_of_group(one, snapshot, group_by); };
  const SnapshotEntry* newest = nullptr;
  for (const SnapshotEntry& entry : snapshots) {
    if (!is_in_future(entry.snapshot.time.instant, now) || !fits(entry.snapshot)) continue;
    if (newest == nullptr || is_older(*newest, entry)) newest = &entry;
  }
  if (newest == nullptr) return {};
  const SnapshotEntry* later = last_made_after(*newest, snapshots, fits);
  return {.newest = newest, .last_made = later != nullptr ? later : newest};
}

}  // namespace medsave
