#pragma once

#include "command_line.hpp"

#include <string>
#include <vector>

namespace medsave::cli {

/// What a command line asks for.
struct ParsedLine {
  const Command* command = nullptr;
  std::vector<std::string> arguments = {};
  bool help = false;
};

/// Follows the rules restic's users know: options anywhere, also the global ones behind the
/// command; `--name=value`, `--name value`, `-nvalue`, `-n=value`, `-abc`; `--` ends them. Then
/// options that were not given take their values from the environment.
/// Throws Error(usage), naming the option.
ParsedLine parse_command_line(const Command& root, const std::vector<std::string>& arguments);

}  // namespace medsave::cli
