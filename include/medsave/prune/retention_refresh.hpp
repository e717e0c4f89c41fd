#pragma once

#include "medsave/base/progress.hpp"
#include "medsave/repo/index.hpp"
#include "medsave/repo/repository.hpp"

#include <cstdint>
#include <stop_token>
#include <vector>

namespace medsave {

/// Extends the protection against deletion (Backend::retain()) of all that the trees `roots` need:
/// their packs, and the repository's index files, snapshots, keys and config. What no snapshot
/// needs is left to run out. One request a file, two where something is extended; `progress` counts
/// files. Returns how many were extended. Throws what find_used_blobs() and retain() throw.
std::uint64_t refresh_retention(const Repository& repository, const Index& index,
                                const std::vector<Id>& roots, Progress& progress,
                                const std::stop_token& stop);

}  // namespace medsave
