#pragma once

#include "command_line.hpp"

#include <string>

namespace medsave::cli {

/// What --help shows, `columns` wide.
std::string help_text(const Command& command, unsigned columns);

/// "medsave backup [options] [FILE/DIR]..."
std::string usage_line(const Command& command);
/// "-e, --exclude PATTERN"
std::string option_head(const Option& option);
/// The option's text and the variable that sets it.
std::string option_text(const Option& option);
/// "0, 1, 3, 10": exit codes of a command with 0 and 1.
std::vector<int> all_exit_codes(const Command& command);

}  // namespace medsave::cli
