#pragma once

#include "identity.hpp"

#include "medsave/base/error.hpp"
#include "medsave/ui/console.hpp"

#include <stop_token>
#include <string>
#include <vector>

namespace medsave::cli {

/// Whether --json is among the options: asked before they are parsed, since errors of parsing are
/// told as JSON too.
bool wants_json(const std::vector<std::string>& arguments);

/// Runs one command line (without the program's name). Returns the exit code; nothing is thrown.
int run(Identity identity, const std::vector<std::string>& arguments, Console& console,
        const std::stop_token& stop);

/// Tells of what kept the command line from being run. Returns the exit code.
int refuse(const std::vector<std::string>& arguments, Console& console, const Error& why);

}  // namespace medsave::cli
