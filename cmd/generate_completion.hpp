#pragma once

#include "command_line.hpp"

#include <string>

namespace medsave::cli {

// Scripts that complete the program's command line, made from the definitions of its commands.
std::string bash_completion(const Command& root);
std::string zsh_completion(const Command& root);
std::string fish_completion(const Command& root);
std::string powershell_completion(const Command& root);

}  // namespace medsave::cli
