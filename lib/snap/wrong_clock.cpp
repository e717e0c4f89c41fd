#include "medsave/snap/wrong_clock.hpp"

#include "medsave/base/clock.hpp"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <map>

namespace medsave {
namespace {

constexpr Timestamp kNoParent = {.seconds = std::numeric_limits<std::int64_t>::min(),
                                 .nanoseconds = 0};

/// Finds the snapshot that another one was compared with.
class Parents {
 public:
  explicit Parents(const std::vector<SnapshotEntry>& snapshots) {
    for (const SnapshotEntry& entry : snapshots) by_id_[entry.id] = &entry;
    for (const SnapshotEntry& entry : snapshots) {
      if (entry.snapshot.original) by_id_.try_emplace(*entry.snapshot.original, &entry);
    }
  }

  /// nullptr when there is none any more.
  [[nodiscard]] const SnapshotEntry* of(const SnapshotEntry& entry) const {
    if (!entry.snapshot.parent) return nullptr;
    const auto found = by_id_.find(*entry.snapshot.parent);
    return found == by_id_.end() ? nullptr : found->second;
  }
  /// 1 where `ancestor` is the parent, 2 where it is the parent's parent, 0 where it is none.
  [[nodiscard]] std::size_t steps(const SnapshotEntry& ancestor, const SnapshotEntry& entry) const {
    const SnapshotEntry* at = of(entry);
    for (std::size_t steps = 1; at != nullptr && steps <= by_id_.size(); ++steps) {
      if (at == &ancestor) return steps;
      at = of(*at);
    }
    return 0;
  }

 private:
  std::map<Id, const SnapshotEntry*> by_id_;
};

}  // namespace

bool is_in_future(const Timestamp& time, const Timestamp& now) {
  constexpr double kTolerance = 3600;  // seconds; clocks are never quite right
  return seconds_between(now, time) > kTolerance;
}

std::set<Id> made_with_clock_behind(const std::vector<SnapshotEntry>& snapshots) {
  const Parents parents(snapshots);
  std::map<const SnapshotEntry*, Timestamp> latest;  // of its direct and indirect parents
  std::set<Id> out;
  for (const SnapshotEntry& entry : snapshots) {
    // Each is looked at once, however long the lines of parents are.
    std::vector<const SnapshotEntry*> line;
    const SnapshotEntry* at = &entry;
    while (at != nullptr && latest.try_emplace(at, kNoParent).second) {
      line.push_back(at);
      at = parents.of(*at);
    }
    for (auto child = line.rbegin(); child != line.rend(); ++child) {
      const SnapshotEntry* parent = parents.of(**child);
      if (parent == nullptr) continue;
      latest[*child] = std::max(parent->snapshot.time.instant, latest[parent]);
    }
    if (entry.snapshot.time.instant < latest[&entry]) out.insert(entry.id);
  }
  return out;
}

const SnapshotEntry* last_made_after(const SnapshotEntry& chosen,
                                     const std::vector<SnapshotEntry>& snapshots,
                                     const std::function<bool(const Snapshot&)>& fits) {
  const std::set<Id> behind = made_with_clock_behind(snapshots);
  const Parents parents(snapshots);
  const SnapshotEntry* last = nullptr;
  std::size_t most = 1;
  for (const SnapshotEntry& entry : snapshots) {
    if (!behind.contains(entry.id) || !fits(entry.snapshot)) continue;
    // A clock that begins at the same date each day gives no order: the line of parents does.
    const std::size_t steps = parents.steps(chosen, entry);
    if (steps < most) continue;
    most = steps;
    last = &entry;
  }
  return last;
}

}  // namespace medsave
