#pragma once

#include "command_line.hpp"

#include "medsave/prune/pruner.hpp"

#include <string>
#include <vector>

namespace medsave::cli {

class Context;

/// What to remove and what to repack, as `prune` and `forget --prune` take it.
struct PruneChoice {
  PruneOptions options = {};
  std::string recover_id = {};  // --unsafe-recover-no-free-space
};
void add_prune_options(Command& command, PruneChoice& choice);

/// Throws Error(usage) for what only shows once the repository is open.
void check_prune_choice(const PruneChoice& choice, const Repository& repository, Context& context);

/// Prunes and says what it does. `ignored`: snapshots that count as gone.
void prune_repository(const Repository& repository, const PruneChoice& choice, bool dry_run,
                      std::vector<Id> ignored, Context& context);

}  // namespace medsave::cli
