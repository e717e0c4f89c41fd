#include "medsave/base/random.hpp"

#include <cassert>

namespace medsave {

std::uint64_t Random::below(std::uint64_t bound) {
  assert(bound > 0);
  // Values past the last whole multiple of bound would favour the small results.
  const std::uint64_t reject_below = (0 - bound) % bound;
  for (;;) {
    std::uint64_t value = 0;
    fill(std::as_writable_bytes(std::span(&value, 1)));
    if (value >= reject_below) return value % bound;
  }
}

}  // namespace medsave
