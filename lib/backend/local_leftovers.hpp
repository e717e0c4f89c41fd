#pragma once

#include "held_folder.hpp"

#include "medsave/base/clock.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace medsave {

/// Removes from these folders, relative to the repository's, temporary files that have not changed
/// for a day, so that no process can still be writing them. The day must have passed by this
/// computer's clock (`now`) and by the medium's, which may differ (a file server has a clock of its
/// own). The medium's time is that of the newest lock file: the caller has just stored one. Returns
/// the bytes freed. Throws Error.
std::uint64_t remove_old_leftovers(const HeldFolder& root, const std::vector<std::string>& folders,
                                   const std::string& locks, const Timestamp& now);

}  // namespace medsave
