#pragma once

#include "medsave/base/progress.hpp"
#include "medsave/repo/blob_writer.hpp"
#include "medsave/repo/repository.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

namespace medsave {

/// What recover_trees(), the engine of `recover`, is to do.
struct RecoverRequest {
  bool dry_run = false;
  std::string program_version = {};  // for the snapshot
  BlobWriterOptions writer = {};
};

struct RecoverEvents {
  std::function<void(const std::string& stage)> stage = {};  // in the user's language
  NoticeSink warning = {};                                   // trees that cannot be read
};

struct RecoverReport {
  std::size_t trees = 0;             // looked at
  std::size_t roots = 0;             // that no snapshot and no other tree leads to
  std::size_t incomplete_files = 0;  // below them: parts of their content are in no index
  std::size_t unread_trees = 0;  // that could not be read now, which says nothing of what they hold
  std::optional<Id> snapshot = {};
};

/// Makes a snapshot of the path "/recover" with a folder for each tree that nothing leads to, such
/// as those of snapshots that were deleted and not pruned yet. The caller has repaired the index
/// and holds an exclusive lock.
RecoverReport recover_trees(const Repository& repository, const RecoverRequest& request,
                            const RecoverEvents& events, Progress& progress,
                            const std::stop_token& stop);

}  // namespace medsave
