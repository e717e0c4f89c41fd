#pragma once

#include "command_line.hpp"

#include "medsave/prune/pruner.hpp"
#include "medsave/repo/opened_repository.hpp"

#include <string>
#include <vector>

namespace medsave::cli {

class Context;

/// What to remove and what to repack, as `prune` and `forget --prune` take it.
struct PruneChoice {
  PruneOptions options = {};
  std::string recover_id = {};  // --unsafe-recover-no-free-space
  bool may_remove_everything = false;
};
void add_prune_options(Command& command, PruneChoice& choice);

/// Throws Error(usage) for what only shows once the repository is open.
void check_prune_choice(const PruneChoice& choice, const Repository& repository, Context& context);

/// What the caller knows of the snapshots.
struct KnownSnapshots {
  std::vector<Id> ignored = {};  // count as gone
  std::vector<Id> there = {};
};

/// Prunes and says what it does.
void prune_repository(const OpenedRepository& opened, const PruneChoice& choice, bool dry_run,
                      KnownSnapshots snapshots, Context& context);

}  // namespace medsave::cli
