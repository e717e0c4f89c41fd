#pragma once

#include "medsave/base/bytes.hpp"
#include "medsave/sys/fd.hpp"

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
  /// Throws Error(io) naming the program when it cannot be started.
  explicit ChildOutput(const std::vector<std::string>& command);
  ~ChildOutput();
  ChildOutput(const ChildOutput&) = delete;
  ChildOutput& operator=(const ChildOutput&) = delete;

  [[nodiscard]] int fd() const { return out_.get(); }
  /// Waits for the end. Exit status, or 128 + signal.
  int wait();

 private:
  int pid_ = -1;
  UniqueFd out_;
};

}  // namespace medsave
