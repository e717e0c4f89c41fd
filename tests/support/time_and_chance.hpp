#pragma once

#include "medsave/base/clock.hpp"
#include "medsave/base/random.hpp"

#include <cstdint>
#include <mutex>
#include <random>

namespace medsave::test {

/// Stands still until the test sets it.
class SetClock : public Clock {
 public:
  explicit SetClock(std::int64_t at = 1'700'000'000) : seconds(at) {}
  [[nodiscard]] Timestamp now() const override { return {.seconds = seconds, .nanoseconds = 0}; }

  std::int64_t seconds;  // since 1970
};

/// The same bytes in the same order each time. Thread-safe.
class SeededRandom : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed = 1) : engine_(seed) {}
  void start_again(std::uint64_t seed) {
    const std::lock_guard lock(mutex_);
    engine_.seed(seed);
  }
  void fill(MutableByteView out) override {
    const std::lock_guard lock(mutex_);
    for (std::byte& byte : out) byte = static_cast<std::byte>(engine_() & 0xFFU);
  }

 private:
  std::mutex mutex_;  // guards engine_
  std::mt19937_64 engine_;
};

}  // namespace medsave::test
