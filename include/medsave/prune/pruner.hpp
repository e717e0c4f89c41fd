#pragma once

// prune: the engine of `prune`, which removes what no snapshot needs. Begin here for the order of
// its steps. used_blobs.hpp finds what is needed, prune_plan.hpp decides what happens to each pack;
// in lib/prune, repacker.hpp copies the needed blobs of a pack and index_rewriter.hpp replaces
// index files.

#include "medsave/base/progress.hpp"
#include "medsave/prune/prune_plan.hpp"
#include "medsave/repo/blob_writer.hpp"
#include "medsave/repo/repository.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace medsave {

struct PruneRequest {
  PruneOptions options = {};
  BlobWriterOptions writer = {};
  bool dry_run = false;
  /// For a medium without any room: deletes before the new index is stored, which is not safe
  /// against a kill. Repacks nothing.
  bool without_free_space = false;
  std::vector<Id> ignored_snapshots = {};  // as if they were gone
  /// Snapshots that are known to be there: when the repository's list lacks one, it is not
  /// believed.
  std::vector<Id> known_snapshots = {};
  /// Goes on where the list of snapshots is empty, that is, removes all data there is. Otherwise an
  /// empty list is taken for a list that could not be read.
  bool may_remove_everything = false;
  /// Bytes free at the repository; nullopt where unknown.
  std::function<std::optional<std::uint64_t>()> free_space = {};
};

/// What a prune tells while it runs, on the calling thread.
struct PruneEvents {
  std::function<void(const std::string& stage)> stage = {};    // in the user's language
  std::function<void(std::uint64_t snapshots)> searched = {};  // for the data that is in use
  std::function<void(const PrunePlan&)> planned = {};          // before anything is changed
  NoticeSink warning = {};
};

struct PruneReport {
  PrunePlan plan = {};
  std::uint64_t undeleted = 0;  // files that could not be deleted; the next prune tries again
};

/// Removes what no snapshot needs. The caller holds an exclusive lock. Whenever it is killed or
/// fails, everything that snapshots need is indexed and there: packs are durable before an index
/// file names them, index files before those that they replace are deleted, and those before the
/// packs. Throws what makes pruning unsafe (unreadable snapshots, index files or trees, missing
/// packs, no snapshots at all, a list that a second look contradicts) before it has changed
/// anything, Error(no_space) with the space it needs, Interrupted.
PruneReport run_prune(const Repository& repository, const PruneRequest& request,
                      const PruneEvents& events, Progress& progress, const std::stop_token& stop);

}  // namespace medsave
