#pragma once

#include "medsave/base/id.hpp"
#include "medsave/repo/index.hpp"
#include "medsave/repo/repository.hpp"

#include <functional>
#include <stop_token>
#include <vector>

namespace medsave {

/// Packs that are in no index file.
struct UnindexedPacks {
  std::vector<Id> adopted = {};
  std::vector<Id> unusable = {};  // what they hold could not be told
};

/// Packs that a killed run stored but did not get to index: reads their headers, verifies their
/// hashes, enters them into `index` and, unless it is a dry run, writes an index file (durable).
/// When there are any, `alone` is asked whether no other process has a lock: else they may be its
/// own, and are left alone. So are those that hold nothing new, and unusable ones.
UnindexedPacks adopt_unindexed_packs(const Repository& repository, Index& index,
                                     const std::function<bool()>& alone,
                                     const std::stop_token& stop, bool dry_run = false);

}  // namespace medsave
