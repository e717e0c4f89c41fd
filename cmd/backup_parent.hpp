#pragma once

#include "medsave/snap/snapshot_finder.hpp"

#include <optional>
#include <string>
#include <vector>

namespace medsave::cli {

class Context;

struct ParentWish {
  GroupBy group_by = {};
  std::string named = {};   // --parent; empty: the latest of the group
  bool compares = true;     // with a parent; not with --force, nor a stream
  bool time_is_now = true;  // no --time
};

struct ChosenParent {
  std::optional<SnapshotEntry> compared = {};
  /// The parent to record where nothing is compared: one that proves that the clock is behind.
  /// Without it `forget` would take the new snapshot for an old one.
  std::optional<Id> recorded = {};
};

/// The parent of a snapshot that is about to be made. Where the group has one in the future, a
/// clock was wrong or is: that is told, and the parent is the one made last, so that the parents
/// show the order that the times do not. Throws as find_snapshot().
ChosenParent choose_parent_of(const Snapshot& snapshot, const ParentWish& wish,
                              const std::vector<SnapshotEntry>& snapshots, const Timestamp& now,
                              Context& context);

}  // namespace medsave::cli
