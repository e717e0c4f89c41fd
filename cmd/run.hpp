#pragma once

#include "medsave/ui/console.hpp"

#include <stop_token>
#include <string>
#include <vector>

namespace medsave::cli {

/// Runs one command line (without the program's name). Returns the exit code; nothing is thrown.
int run(const std::vector<std::string>& arguments, Console& console, const std::stop_token& stop);

}  // namespace medsave::cli
