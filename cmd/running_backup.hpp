#pragma once

#include "context.hpp"

#include "medsave/format/snapshot.hpp"
#include "medsave/sys/file_lock.hpp"

#include <optional>

namespace medsave::cli {

/// Sees to it that a backup is not done twice at the same time on this computer: the same sources
/// for the same repository. Where the cache folder cannot be used, nothing is seen to.
class RunningBackup {
 public:
  /// Waits as long as --retry-lock says. Throws Error(locked) with who does it, and since when.
  RunningBackup(Context& context, const Snapshot& snapshot);

 private:
  std::optional<FileLock> lock_;
};

}  // namespace medsave::cli
