#pragma once

#include <chrono>
#include <stop_token>

namespace medsave {

/// Sleeps. Throws Interrupted when stopped.
void pause_for(std::chrono::nanoseconds duration, const std::stop_token& stop);

}  // namespace medsave
