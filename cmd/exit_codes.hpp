#pragma once

#include "medsave/base/error.hpp"

#include <stdexcept>
#include <string>

namespace medsave::cli {

/// Part of the interface: scripts and schedulers go by them.
inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;  // usage errors too
inline constexpr int kExitIncomplete = 3;
inline constexpr int kExitNoRepository = 10;
inline constexpr int kExitLocked = 11;
inline constexpr int kExitWrongPassword = 12;
inline constexpr int kExitInterrupted = 130;

int exit_code_of(Errc code);
/// One line for help and man pages; `command` may give 0, 1 or 3 a narrower meaning.
std::string exit_code_text(int code);

/// "Fatal: ...", how a command that failed tells why.
std::string fatal_text(const std::string& message);

/// A command ran to its end, but the outcome is not a success. What there is to say of it has
/// been said, except for this last line.
class CommandFailed : public std::runtime_error {
 public:
  CommandFailed(int exit_code, const std::string& message)
      : std::runtime_error(message), exit_code_(exit_code) {}
  [[nodiscard]] int exit_code() const { return exit_code_; }

 private:
  int exit_code_;
};

}  // namespace medsave::cli
