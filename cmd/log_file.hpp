#pragma once

#include "medsave/base/clock.hpp"
#include "medsave/sys/fd.hpp"

#include <string>
#include <string_view>

namespace medsave::cli {

/// A line without what would act on a terminal.
std::string plain_line(std::string text);

/// One message as it stands in a log: "2026-11-30 19:04:12 host medsave[4711]: message" for each of
/// its lines that is not empty, without what would act on a terminal.
std::string log_lines(std::string_view message, const std::string& head);

/// The file of --log. Messages are appended, so that one file serves many runs.
class LogFile {
 public:
  /// Throws Error when it cannot be opened for writing.
  explicit LogFile(const std::string& path);

  /// Not thread-safe. The first failure is kept for failure(), and ends the log.
  void add(std::string_view message) noexcept;
  /// Why the log is incomplete; empty if it is not.
  [[nodiscard]] const std::string& failure() const { return failure_; }

 private:
  std::string path_;
  UniqueFd file_;
  std::string failure_ = {};
};

}  // namespace medsave::cli
