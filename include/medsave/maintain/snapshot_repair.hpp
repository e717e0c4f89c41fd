#pragma once

#include "medsave/maintain/snapshot_change.hpp"
#include "medsave/repo/blob_writer.hpp"

#include <cstddef>
#include <stop_token>
#include <vector>

namespace medsave {

struct SnapshotRepairRequest {
  bool forget = false;  // delete the broken snapshots; the new ones get no tag "repaired" then
  bool dry_run = false;
  BlobWriterOptions writer = {};
};

/// Makes new snapshots without what is lost: blobs that no index file lists, and folders whose
/// list is damaged or gone. Files keep their other parts. `lost` of the events names each path.
/// Otherwise as rewrite_snapshots(). Throws Error(io / permission) where reading fails for a
/// reason that may pass.
std::size_t repair_snapshots(const Repository& repository, Index& index,
                             const std::vector<SnapshotEntry>& snapshots,
                             const SnapshotRepairRequest& request,
                             const SnapshotChangeEvents& events, const std::stop_token& stop);

}  // namespace medsave
