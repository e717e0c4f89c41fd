#pragma once

#include "medsave/backend/backend.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace medsave {

struct RetryPolicy {
  std::chrono::milliseconds first_wait{500};
  std::chrono::milliseconds longest_wait{60'000};
  std::chrono::milliseconds give_up_after{900'000};  // since the first attempt of the request
};

/// Decorator that repeats requests which failed with Error(io), with exponentially growing waits
/// and jitter (half to one and a half of the nominal wait). Everything of Backend is safe to
/// repeat: files are immutable and named by their content, and deleting what is gone is no error.
/// Each repetition is told to `notice`. After an interrupt no wait is longer than a second and
/// nothing is repeated for more than ten. Thread-safe.
std::unique_ptr<Backend> retry_requests(std::unique_ptr<Backend> inner, RetryPolicy policy,
                                        std::function<void(const std::string&)> notice);

}  // namespace medsave
