#pragma once

#include "source_tree.hpp"

#include "medsave/archive/archiver.hpp"
#include "medsave/base/progress.hpp"

#include <stop_token>

namespace medsave {

/// Counts the files to back up into the totals of `progress`, so that a display can show how far
/// it is. Problems are left to the backup itself, which meets them too. Returns early when
/// stopped; otherwise the totals are final then.
void scan_sources(const SourceTree& source, const BackupSinks& sinks, Progress& progress,
                  const std::stop_token& stop);

}  // namespace medsave
