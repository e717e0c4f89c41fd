#pragma once

#include "medsave/base/text.hpp"
#include "medsave/sys/system_error.hpp"

#include <errno.h>

#include <string>

namespace medsave {

/// Repeats a system call that a signal interrupted; errno is that of the last try.
template <typename Call>
auto retry_interrupted(const Call& call) {
  decltype(call()) result = call();
  while (result == -1 && errno == EINTR) result = call();
  return result;
}

/// Throws for the current errno. `pattern` is translated and holds one "{}" for `name`.
[[noreturn]] inline void throw_errno(const char* pattern, const std::string& name) {
  const int error_number = errno;
  throw error_from_errno(error_number, format_text(translate(pattern), name));
}

/// Whether this errno means that the file system cannot do what was asked at all.
inline bool means_unsupported(int error_number) {
  return error_number == EINVAL || error_number == ENOTSUP || error_number == ENOSYS;
}

}  // namespace medsave
