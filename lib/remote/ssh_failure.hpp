#pragma once

#include "medsave/base/error.hpp"

#include <string>
#include <string_view>

namespace medsave {

/// How the program that carries SFTP ended.
struct SshFailure {
  std::string location = {};  // of the repository, for the message
  bool connected = false;     // it had spoken SFTP before
  int status = 0;             // exit status
  std::string said = {};      // the end of its standard error
  bool tells_words = false;   // the message has these words too
};

/// What a user needs to know: permission where host key or login are refused, usage where ssh's
/// configuration is wrong, unsupported where there is no SFTP, io for everything that may pass.
Error explain_ssh_failure(const SshFailure& failure);

/// Printable lines of what a program wrote, joined by "; "; the last ones, `limit` bytes at most.
std::string last_words(std::string_view said, std::size_t limit);

}  // namespace medsave
