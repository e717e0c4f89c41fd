#pragma once

// maintain: engines of commands that change or repair a repository, other than prune. Begin here
// with `rewrite`; snapshot_change.hpp is `tag`, copier.hpp `copy`, snapshot_repair.hpp,
// index_repair.hpp and pack_repair.hpp `repair`, recovery.hpp `recover`, migration.hpp `migrate`.
// Each stores what is new before it deletes what is old.

#include "medsave/base/progress.hpp"
#include "medsave/maintain/snapshot_change.hpp"
#include "medsave/repo/blob_writer.hpp"
#include "medsave/snap/path_filter.hpp"

#include <cstddef>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace medsave {

struct RewriteRequest {
  PathFilter exclude = {};    // left out; at most one of the two has patterns
  PathFilter include = {};    // all else is left out, and folders that end up empty
  bool summarize = false;     // count files and bytes of snapshots that do not tell
  std::string new_host = {};  // empty: as it is
  std::optional<Timestamp> new_time = {};
  bool forget = false;  // delete the old snapshots; else the new get the tag "rewrite"
  bool dry_run = false;
  BlobWriterOptions writer = {};
};

/// Makes new snapshots with some files left out or other metadata. What stays is stored byte for
/// byte as it was. Nothing is deleted before everything new is durable. Caller holds a lock, with
/// `forget` an exclusive one. Returns how many snapshots change. Throws Error for the first tree
/// that cannot be read, when nothing has been changed yet.
std::size_t rewrite_snapshots(const Repository& repository, Index& index,
                              const std::vector<SnapshotEntry>& snapshots,
                              const RewriteRequest& request, const SnapshotChangeEvents& events,
                              const std::stop_token& stop);

}  // namespace medsave
