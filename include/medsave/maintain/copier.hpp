#pragma once

#include "medsave/base/progress.hpp"
#include "medsave/repo/blob_writer.hpp"
#include "medsave/repo/index.hpp"
#include "medsave/repo/repository.hpp"
#include "medsave/snap/snapshot_finder.hpp"

#include <cstddef>
#include <functional>
#include <stop_token>
#include <vector>

namespace medsave {

struct CopySource {
  const Repository& repository;
  const Index& index;
};
struct CopyTarget {
  const Repository& repository;
  Index& index;
};

struct CopyRequest {
  std::vector<SnapshotEntry> snapshots = {};  // of the source
  std::vector<SnapshotEntry> existing = {};   // of the target
  BlobWriterOptions writer = {};
  /// Compress anew; else what is compressed already is taken as it is, which saves most of the
  /// work.
  bool recompress = false;
};

/// Told on the calling thread.
struct CopyEvents {
  std::function<void(const SnapshotEntry& source, const Id& existing)> skipped = {};
  std::function<void(const SnapshotEntry& source)> started = {};
  std::function<void(const SnapshotEntry& source, const Id& saved)> saved = {};  // durable
};

struct CopyReport {
  std::size_t copied = 0;
  std::size_t skipped = 0;
  BlobWriterStats stored = {};
};

/// Copies snapshots and the blobs they need that the target lacks. Every blob is verified on the
/// way. Snapshots go over in batches, so that an interrupted run leaves the first of them, and the
/// data of the others for the next run to find. Callers hold shared locks on both. Throws the
/// first blob that cannot be read from any copy; snapshots that were told saved are complete.
CopyReport copy_snapshots(const CopySource& source, const CopyTarget& target,
                          const CopyRequest& request, const CopyEvents& events, Progress& progress,
                          const std::stop_token& stop);

}  // namespace medsave
