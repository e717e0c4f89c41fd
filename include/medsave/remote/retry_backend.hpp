#pragma once

#include "medsave/backend/backend.hpp"
#include "medsave/base/random.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>

namespace medsave {

/// How often and for how long retry_requests() repeats a request.
struct RetryPolicy {
  std::chrono::milliseconds first_wait{500};
  std::chrono::milliseconds longest_wait{60'000};
  std::chrono::milliseconds give_up_after{900'000};  // since the first attempt of the request
  std::uint64_t most_attempts = UINT64_MAX;          // of one request
  std::chrono::milliseconds rest{5'000};             // of a server that was given up
};

/// Decorator that repeats requests which failed with Error(io), with exponentially growing waits
/// and jitter (half to one and a half of the nominal wait). Everything of Backend is safe to
/// repeat: files are immutable and named by their content, and deleting what is gone is no error.
/// What could not be stored is not left there cut off, under its name. Each repetition is told to
/// `notice`. After a stop no wait is longer than a second and nothing is repeated for more than
/// ten. Thread-safe.
///
/// A server that answers nothing any more is one failure and not one for each file: when a request
/// is given up and another kind of request fails as well, all of them end with Error(unreachable),
/// those that wait at once. Until one succeeds, others are tried once, and not at all while it
/// rests.
std::unique_ptr<Backend> retry_requests(std::unique_ptr<Backend> inner, RetryPolicy policy,
                                        std::function<void(const std::string&)> notice,
                                        std::stop_token stop = {},
                                        Random& random = system_random());

}  // namespace medsave
