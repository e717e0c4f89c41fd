#pragma once

#include "medsave/sys/child_process.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace medsave {

/// Splits a command line as restic does for --password-command: white space separates, single and
/// double quotes group, backslash escapes. Throws Error(usage) for an open quote.
std::vector<std::string> split_command(std::string_view line);

/// A child process whose standard output is read through a pipe; stdin is /dev/null, stderr is
/// ours. Ends the child on destruction if it still runs (SIGTERM, then SIGKILL).
class ChildOutput {
 public:
  /// Throws as ChildProcess does.
  explicit ChildOutput(const std::vector<std::string>& command);

  [[nodiscard]] int fd() { return child_.out().get(); }
  /// Waits for the end. Exit status, or 128 + signal.
  int wait();

 private:
  ChildProcess child_;
};

}  // namespace medsave
