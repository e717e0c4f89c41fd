#pragma once

#include "backup_targets.hpp"
#include "reporter.hpp"

#include "medsave/archive/archiver.hpp"

#include <string>
#include <vector>

namespace medsave {

/// What a backup has to save, from the targets and streams of its request. `existing`: those of the
/// targets that are there. Tells of targets that are missing, that hold nothing, and of which less
/// is saved than one might expect. Throws Error(usage) where nothing is left.
BackupTargets resolve_targets(const BackupRequest& request, Reporter& reporter,
                              std::vector<std::string>& existing);

}  // namespace medsave
