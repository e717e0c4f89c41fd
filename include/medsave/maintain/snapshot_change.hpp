#pragma once

#include "medsave/repo/repository.hpp"
#include "medsave/snap/snapshot_finder.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace medsave {

/// What becomes of a snapshot that is changed (`tag`, `rewrite`, `repair snapshots`).
enum class SnapshotFate {
  unchanged,
  replaced,  // by a new snapshot
  emptied    // nothing would be left: no new snapshot
};

/// What became of one snapshot, or would become in a dry run.
struct SnapshotChange {
  Id old = {};
  SnapshotFate fate = SnapshotFate::unchanged;
  std::optional<Id> saved = {};  // the new snapshot; not in a dry run
  bool old_removed = false;
};

/// What engines that make new snapshots out of old ones tell, on the calling thread.
struct SnapshotChangeEvents {
  std::function<void(const SnapshotEntry&)> begin = {};  // this one is looked at now
  /// Something that the new snapshot will not have, or not whole.
  std::function<void(const std::string& path, const std::string& what)> lost = {};
  /// Once the new trees of all snapshots are durable, for each snapshot in their order.
  std::function<void(const SnapshotChange&)> changed = {};
};

/// Stores a snapshot; when it is durable, deletes the `old` one, if any. Returns its id.
Id replace_snapshot(const Repository& repository, const Snapshot& snapshot,
                    const std::optional<Id>& old);

/// What `tag` does to a snapshot's tags.
struct TagChange {
  std::optional<std::vector<std::string>> set = {};  // instead of all it has
  std::vector<std::string> add = {};
  std::vector<std::string> remove = {};
};
/// False when the snapshot has these tags already.
bool change_tags(Snapshot& snapshot, const TagChange& change);

}  // namespace medsave
