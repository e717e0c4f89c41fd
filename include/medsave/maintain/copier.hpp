#pragma once

#include "medsave/base/progress.hpp"
#include "medsave/repo/blob_writer.hpp"
#include "medsave/repo/index.hpp"
#include "medsave/repo/repository.hpp"
#include "medsave/snap/snapshot_finder.hpp"

#include <cstddef>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

namespace medsave {

/// Where snapshots are copied from by copy_snapshots(), the engine of `copy`.
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
  /// The target had lost parts of a snapshot that was there already, and has them again.
  std::function<void(const SnapshotEntry& source, const Id& existing)> mended = {};
  /// The source has lost parts of a snapshot, so that the target cannot have all of it.
  std::function<void(const SnapshotEntry& source, const std::string& why)> damaged = {};
};

struct CopyReport {
  std::size_t copied = 0;
  std::size_t skipped = 0;       // there already, and whole now
  std::size_t mended = 0;        // of them; such as share what was missing count once
  std::vector<Id> damaged = {};  // of the source; what is whole of them was copied
  BlobWriterStats stored = {};
};

/// Copies snapshots and the blobs they need that the target lacks. Every blob is verified on the
/// way. Snapshots go over in batches, so that an interrupted run leaves the first of them, and the
/// data of the others for the next run to find. Those that are there already are followed through
/// their trees, so that what the target has lost is stored again. A snapshot of which the source
/// has lost something is told and left out. Callers hold shared locks on both. Snapshots that were
/// told saved are complete. Throws what storing throws, and what concerns all of the source.
CopyReport copy_snapshots(const CopySource& source, const CopyTarget& target,
                          const CopyRequest& request, const CopyEvents& events, Progress& progress,
                          const std::stop_token& stop);

}  // namespace medsave
