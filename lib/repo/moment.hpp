#pragma once

#include "medsave/base/clock.hpp"
#include "medsave/sys/host.hpp"

#include <algorithm>
#include <chrono>

namespace medsave {

/// A point in time by two clocks: one that also counts while the machine sleeps, and the wall
/// clock, which may be set.
class Moment {
 public:
  /// Now. `wall` outlives it.
  explicit Moment(const Clock& wall) : wall_clock_(&wall) {}

  [[nodiscard]] std::chrono::milliseconds age() const {
    using std::chrono::duration_cast;
    using std::chrono::milliseconds;
    const std::chrono::duration<double> seconds(seconds_between(wall_, wall_clock_->now()));
    return std::max(duration_cast<milliseconds>(running_time() - running_),
                    duration_cast<milliseconds>(seconds));
  }

 private:
  const Clock* wall_clock_;
  std::chrono::nanoseconds running_ = running_time();
  Timestamp wall_ = wall_clock_->now();
};

}  // namespace medsave
