#pragma once

#include <system_error>
#include <thread>
#include <utility>

namespace medsave {

/// Throws Error(permission): the system refuses another thread.
[[noreturn]] void throw_no_thread(const std::system_error& why);

/// Runs `run` on a thread of its own. Throws as throw_no_thread() when the system refuses one.
template <typename Run>
std::jthread start_thread(Run&& run) {
  try {
    return std::jthread(std::forward<Run>(run));
  } catch (const std::system_error& e) {
    throw_no_thread(e);
  }
}

}  // namespace medsave
