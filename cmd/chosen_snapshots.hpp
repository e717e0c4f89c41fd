#pragma once

#include "medsave/snap/snapshot_finder.hpp"

#include <string>
#include <vector>

namespace medsave::cli {

class Context;

/// Those that `ids` name, in that order and once each, or all that fit the filter, oldest first.
/// An id that fits none is reported as a warning and left out.
std::vector<SnapshotEntry> choose_snapshots(const std::vector<SnapshotEntry>& all,
                                            const std::vector<std::string>& ids,
                                            const SnapshotFilter& filter, Context& context);

}  // namespace medsave::cli
