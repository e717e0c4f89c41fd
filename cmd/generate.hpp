#pragma once

#include "command_line.hpp"

#include <vector>

namespace medsave::cli {

/// `root` and every command below it that has a page.
std::vector<const Command*> documented_commands(const Command& root);

}  // namespace medsave::cli
