#pragma once

#include "medsave/base/progress.hpp"
#include "medsave/repo/repository.hpp"

#include <cstddef>

namespace medsave {

/// Removes stale locks (older than 30 minutes, or of a process of this host that is gone), or all
/// of them. Returns how many are gone. Empty files, which a crash of the system leaves, do not lock
/// out anybody and are removed only with `all`.
std::size_t remove_locks(const Repository& repository, bool all, const NoticeSink& problem);

}  // namespace medsave
