#pragma once

#include <system_error>
#include <thread>
#include <utility>

namespace medsave {

/// Error(permission): the system gives no further thread.
[[noreturn]] void throw_no_thread(const std::system_error& why);

/// Runs `run` on a thread of its own. Throws as throw_no_thread() where there is none to be had.
template <typename Run>
std::jthread start_thread(Run&& run) {
  try {
    return std::jthread(std::forward<Run>(run));
  } catch (const std::system_error& e) {
    throw_no_thread(e);
  }
}

}  // namespace medsave
