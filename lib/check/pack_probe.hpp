#pragma once

#include "medsave/backend/backend.hpp"
#include "medsave/base/error.hpp"
#include "medsave/repo/index.hpp"

#include <optional>
#include <stop_token>
#include <vector>

namespace medsave {

/// A pack that is in the list, but not to be had.
struct UnreachablePack {
  PackSummary pack = {};
  std::optional<Error> failure = {};  // of the backend; nullopt: there is no file of this name
};

/// Asks for the size of one pack of each of the 256 folders, and where that one is not to be had,
/// for those of all others of the folder. `packs` are sorted, as is what is returned.
std::vector<UnreachablePack> probe_packs(Backend& backend, const std::vector<PackSummary>& packs,
                                         const std::stop_token& stop);

}  // namespace medsave
