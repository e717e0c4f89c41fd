#include "backup_parent.hpp"

#include "medsave/archive/parent_choice.hpp"
#include "medsave/base/text.hpp"
#include "medsave/format/time_text.hpp"

#include <cstdint>
#include <limits>
#include <string>

namespace medsave::cli {
namespace {

/// The parent, as choose_parent() finds it. If there is only one that is dated in the future (a
/// clock was wrong), it is used all the same: without a parent all files would be read again.
const SnapshotEntry* usual_parent(const Snapshot& snapshot, const BackupOptions& options,
                                  const std::vector<SnapshotEntry>& snapshots, const Timestamp& now,
                                  Context& context) {
  const SnapshotEntry* found = choose_parent(snapshots, snapshot, options.group_by);
  if (found != nullptr || options.time) return found;
  Snapshot later = snapshot;
  later.time.instant.seconds = std::numeric_limits<std::int64_t>::max();
  found = choose_parent(snapshots, later, options.group_by);
  if (found != nullptr && is_in_future(found->snapshot.time.instant, now)) {
    context.warn(format_text(_("the previous snapshot {} is of {}, which is in the future: a clock "
                               "was wrong when it was made, or is now"),
                             found->id.short_hex(),
                             format_local_time(found->snapshot.time.instant)));
  }
  return found;
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

/// The parent to record in a snapshot that is compared with nothing (--force, a stream): one that
/// proves that the clock is behind, or nullptr. Without it `forget` would take the new snapshot for
/// an old one.
const SnapshotEntry* parent_in_future(const SnapshotEntry* usual,
                                      const std::vector<SnapshotEntry>& snapshots,
                                      const std::string& host, const Timestamp& now) {
  if (usual == nullptr) return newest_if_in_future(snapshots, host, now);
  const bool shows_it = is_in_future(usual->snapshot.time.instant, now) ||
                        made_with_clock_behind(snapshots).contains(usual->id);
  return shows_it ? usual : nullptr;
}

}  // namespace

ParentToUse find_parent(const Snapshot& snapshot, bool is_stream, const BackupOptions& options,
                        const std::vector<SnapshotEntry>& snapshots, const Timestamp& now,
                        Context& context) {
  const bool compares = !is_stream && !options.force;
  if (compares && !options.parent.empty()) {
    return {.compared_with = find_snapshot(snapshots, options.parent, {}, context.notices())};
  }
  const SnapshotEntry* usual = usual_parent(snapshot, options, snapshots, now, context);
  if (compares && usual != nullptr) return {.compared_with = *usual};
  if (options.time) return {};
  const auto* shown = parent_in_future(usual, snapshots, snapshot.hostname, now);
  if (shown == nullptr) return {};
  return {.only_recorded = shown->id};
}

}  // namespace medsave::cli
