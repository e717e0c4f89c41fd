#pragma once

#include "context.hpp"

#include "medsave/sys/file_lock.hpp"

#include <optional>
#include <string>
#include <vector>

namespace medsave::cli {

/// Keeps the same sources from being backed up to the same repository twice at a time on this
/// computer. Without a usable cache folder there is no such protection.
class RunningBackup {
 public:
  /// Waits as long as --retry-lock says. Throws Error(locked) with who does it, and since when.
  /// `sources`: absolute, as they are on the disk.
  RunningBackup(Context& context, const std::string& host, const std::vector<std::string>& sources);

 private:
  std::optional<FileLock> lock_;
};

}  // namespace medsave::cli
