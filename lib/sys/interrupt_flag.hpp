#pragma once

#include <atomic>

namespace medsave {

/// Set by the signal thread on SIGINT or SIGTERM, for waits inside this area that have no stop
/// token (the password prompt).
std::atomic<bool>& interrupt_flag();

}  // namespace medsave
