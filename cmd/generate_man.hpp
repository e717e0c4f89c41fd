#pragma once

#include "command_line.hpp"

#include <string>

namespace medsave::cli {

/// "medsave-key-add.1"
std::string man_page_name(const Command& command);
/// The manual page of one command (or of the program) in roff, in the language in use.
std::string man_page(const Command& command);

}  // namespace medsave::cli
