#pragma once

#include "context.hpp"

namespace medsave::cli {

class Command;

/// `--from-repo` and what belongs to it: another repository, to read from.
void add_from_options(Command& command, RepositoryChoice& other);

}  // namespace medsave::cli
