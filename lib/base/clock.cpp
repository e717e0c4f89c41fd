#include "medsave/base/clock.hpp"

namespace medsave {

double seconds_between(const Timestamp& a, const Timestamp& b) {
  return static_cast<double>(b.seconds - a.seconds) +
         (static_cast<double>(b.nanoseconds) - static_cast<double>(a.nanoseconds)) * 1e-9;
}

}  // namespace medsave
