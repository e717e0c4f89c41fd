#pragma once

#include "medsave/base/id.hpp"
#include "medsave/repo/repository.hpp"

#include <vector>

namespace medsave {

// A backup relies on packs that it found and did not store: those of a killed run. They were in no
// index, so whoever prunes without knowing that his lock is lost may delete them.

/// Before the snapshot is saved. Throws Error(io) where one is gone.
void require_relied_packs(const Repository& repository, const std::vector<Id>& packs);

/// Afterwards: he may have deleted until he noticed. Throws Error(io) naming the snapshot.
void require_kept_packs(const Repository& repository, const std::vector<Id>& packs,
                        const Id& snapshot);

}  // namespace medsave
