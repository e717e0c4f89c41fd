#pragma once

#include "medsave/base/bytes.hpp"

#include <cstdint>

namespace medsave {

/// Source of unpredictable bytes; tests replace it. Thread-safe.
class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(MutableByteView out) = 0;
  /// Uniform in [0, bound), bound > 0.
  std::uint64_t below(std::uint64_t bound);
};

/// The system's generator, buffered per thread for small requests. Defined in lib/sys.
Random& system_random();

}  // namespace medsave
