#pragma once

#include "damage_log.hpp"

#include "medsave/repo/index_load.hpp"
#include "medsave/repo/repository.hpp"

#include <stop_token>
#include <vector>

namespace medsave {

/// Reads every key file: its bytes must fit its name and be a key file. Returns those that are
/// damaged for certain.
std::vector<Id> check_keys(const Repository& repository, DamageLog& log,
                           const std::stop_token& stop);

/// What loading the indexes met, and whether their packs are there in the right size.
struct PackListCheck {
  bool suggest_repair_index = false;
  bool suggest_prune = false;
  std::vector<PackSummary> intact = {};  // worth reading: one per pack
  std::vector<Id> unindexed = {};        // packs that no index file lists, sorted
};
PackListCheck check_pack_list(const Repository& repository, const Index& index,
                              const LoadIndexReport& loading, DamageLog& log,
                              const std::stop_token& stop);

}  // namespace medsave
