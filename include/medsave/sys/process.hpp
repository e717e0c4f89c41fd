#pragma once

#include "medsave/sys/child_process.hpp"

#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace medsave {

/// Splits a command line as restic does for --password-command: white space separates, single and
/// double quotes group, backslash escapes. Throws Error(usage) for an open quote.
std::vector<std::string> split_command(std::string_view line);

/// A child process whose standard output is read through a pipe; stdin is /dev/null, stderr is
/// ours, or is read line by line. Ends the child on destruction if it still runs (SIGTERM, then
/// SIGKILL).
class ChildOutput {
 public:
  /// Throws as ChildProcess does. `says` is given each line of its standard error, from another
  /// thread.
  explicit ChildOutput(const std::vector<std::string>& command,
                       std::function<void(const std::string& line)> says = {});

  [[nodiscard]] int fd() { return child_.out().get(); }
  /// Waits for the end, and for what it said until then. Exit status, or 128 + signal.
  int wait();

 private:
  void read_errors(const std::function<void(const std::string&)>& says,
                   const std::stop_token& stop);

  ChildProcess child_;
  std::jthread errors_;  // reads standard error; last, since it uses the child
};

}  // namespace medsave
