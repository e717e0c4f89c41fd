#pragma once

#include "medsave/base/id.hpp"
#include "medsave/prune/prune_plan.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace medsave {

/// Portions in which packs are repacked, each of which fits into the space that is free then.
struct RepackRounds {
  /// Ids of the packs to repack. The packs nobody needs go in the first round; if that has to
  /// happen before anything can be repacked, the first round is empty.
  std::vector<std::vector<Id>> rounds = {};
  std::uint64_t required = 0;  // bytes that would have to be free; 0 = it works
};
/// `free_bytes`: nullopt where unknown, then there is one round.
RepackRounds plan_repack_rounds(const PrunePlan& plan, std::optional<std::uint64_t> free_bytes);

}  // namespace medsave
