#include "backup_parent.hpp"

#include "context.hpp"

#include "medsave/archive/parent_choice.hpp"
#include "medsave/base/clock.hpp"
#include "medsave/base/text.hpp"
#include "medsave/format/time_text.hpp"
#include "medsave/snap/wrong_clock.hpp"

namespace medsave::cli {
namespace {

void tell_of_future(const SnapshotEntry& newest, const Timestamp& now, Context& context) {
  context.warn(format_text(
      _("the previous snapshot {0} is of {1}, which is in the future: a clock was wrong when it "
        "was made, or is now (it says {2}). If it is right now, remove that snapshot some day, as "
        "forget keeps all that are made after it until then."),
      newest.id.short_hex(), tell_time(newest.snapshot.time.instant), tell_time(now)));
}

/// What would be compared with.
const SnapshotEntry* usual_parent(const Snapshot& snapshot, const ParentWish& wish,
                                  const std::vector<SnapshotEntry>& snapshots, const Timestamp& now,
                                  Context& context) {
  if (wish.time_is_now) {
    const FutureCandidates future = find_in_future(snapshots, snapshot, wish.group_by, now);
    if (future.newest != nullptr) {
      tell_of_future(*future.newest, now, context);
      return future.last_made;
    }
  }
  return choose_parent(snapshots, snapshot, wish.group_by);
}

/// The newest snapshot of this computer, whatever its sources, if its time is in the future: then
/// the clock is behind now. Otherwise nullptr.
const SnapshotEntry* newest_if_in_future(const std::vector<SnapshotEntry>& snapshots,
                                         const std::string& host, const Timestamp& now) {
  const SnapshotEntry* newest = nullptr;
  for (const SnapshotEntry& entry : snapshots) {
    if (entry.snapshot.hostname != host) continue;
    if (newest == nullptr || is_older(*newest, entry)) newest = &entry;
  }
  return newest != nullptr && is_in_future(newest->snapshot.time.instant, now) ? newest : nullptr;
}

const SnapshotEntry* proof_of_wrong_clock(const SnapshotEntry* usual,
                                          const std::vector<SnapshotEntry>& snapshots,
                                          const std::string& host, const Timestamp& now) {
  if (usual == nullptr) return newest_if_in_future(snapshots, host, now);
  const bool shows_it = is_in_future(usual->snapshot.time.instant, now) ||
                        made_with_clock_behind(snapshots).contains(usual->id);
  return shows_it ? usual : nullptr;
}

}  // namespace

ChosenParent choose_parent_of(const Snapshot& snapshot, const ParentWish& wish,
                              const std::vector<SnapshotEntry>& snapshots, const Timestamp& now,
                              Context& context) {
  const SnapshotEntry* usual = usual_parent(snapshot, wish, snapshots, now, context);
  if (wish.compares && !wish.named.empty()) {
    return {.compared = find_snapshot(snapshots, wish.named, {}, context.notices())};
  }
  if (wish.compares && usual != nullptr) return {.compared = *usual};
  if (!wish.time_is_now) return {};
  const SnapshotEntry* shown = proof_of_wrong_clock(usual, snapshots, snapshot.hostname, now);
  if (shown == nullptr) return {};
  return {.recorded = shown->id};
}

}  // namespace medsave::cli
