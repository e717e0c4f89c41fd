#pragma once

#include "medsave/snap/snapshot_finder.hpp"

#include <string>
#include <vector>

namespace medsave::cli {

class Context;

inline const std::string kLatestSnapshot = "latest";

/// All snapshots, to look for the one that `id` means. A damaged one is a warning, but an error
/// when the latest is wanted: it might be that one, and an older state must not pass for it.
std::vector<SnapshotEntry> load_candidates(const Repository& repository, const std::string& id,
                                           Context& context);

/// Those that `ids` name, in that order and once each, or all that fit the filter, oldest first.
/// An id that fits none is reported as a warning and left out.
std::vector<SnapshotEntry> choose_snapshots(const std::vector<SnapshotEntry>& all,
                                            const std::vector<std::string>& ids,
                                            const SnapshotFilter& filter, Context& context);

}  // namespace medsave::cli
