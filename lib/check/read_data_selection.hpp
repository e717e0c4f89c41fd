#pragma once

#include "medsave/base/random.hpp"
#include "medsave/check/checker.hpp"
#include "medsave/repo/index.hpp"

#include <vector>

namespace medsave {

/// The packs among `packs` that a run has to read.
std::vector<PackSummary> select_packs(std::vector<PackSummary> packs,
                                      const ReadDataSelection& selection, Random& random);

}  // namespace medsave
