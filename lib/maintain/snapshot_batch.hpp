#pragma once

#include "medsave/maintain/snapshot_change.hpp"
#include "medsave/repo/blob_writer.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <stop_token>
#include <string_view>
#include <utility>
#include <vector>

namespace medsave {

/// New snapshots that take the place of old ones. Nothing refers to the new trees before commit(),
/// and no old snapshot goes before its successor and all trees are durable.
class SnapshotBatch {
 public:
  struct Mode {
    bool dry_run = false;  // stores nothing
    bool forget = false;   // delete the old snapshots
  };

  /// Repository and index outlive it.
  SnapshotBatch(const Repository& repository, Index& index, const BlobWriterOptions& options,
                const Mode& mode, const std::stop_token& stop);

  Id save_tree(std::string_view json);
  void keep(const Id& old);
  void replace(const Id& old, Snapshot successor);
  /// Nothing of the snapshot is left; deletes it with `forget`.
  void drop(const Id& old);

  /// Returns how many snapshots were, or in a dry run would be, changed.
  std::size_t commit(const std::function<void(const SnapshotChange&)>& changed);

 private:
  void carry_out(SnapshotChange& change, const Snapshot& successor);

  const Repository& repository_;
  const Mode mode_;
  const std::stop_token stop_;
  std::unique_ptr<BlobWriter> writer_;  // none in a dry run
  std::vector<std::pair<SnapshotChange, Snapshot>> changes_;
};

}  // namespace medsave
