#pragma once

#include "command_line.hpp"

#include <string>
#include <vector>

namespace medsave::cli {

// Scripts that complete the program's command line, made from the definitions of its commands.
std::string bash_completion(const Command& root);
std::string zsh_completion(const Command& root);
std::string fish_completion(const Command& root);
std::string powershell_completion(const Command& root);

/// "medsave-key-add.1"
std::string man_page_name(const Command& command);
/// The manual page of one command (or of the program) in roff, in the language in use.
std::string man_page(const Command& command);

/// `root` and every command below it that has a page.
std::vector<const Command*> documented_commands(const Command& root);

}  // namespace medsave::cli
