#include "medsave/base/clock.hpp"

#include <ctime>

namespace medsave {
namespace {

class SystemClock final : public Clock {
 public:
  [[nodiscard]] Timestamp now() const override {
    timespec t = {};
    clock_gettime(CLOCK_REALTIME, &t);  // cannot fail for this clock
    return {.seconds = t.tv_sec, .nanoseconds = static_cast<std::uint32_t>(t.tv_nsec)};
  }
};

}  // namespace

const Clock& system_clock() {
  static const SystemClock clock;
  return clock;
}

double seconds_between(const Timestamp& a, const Timestamp& b) {
  return static_cast<double>(b.seconds - a.seconds) +
         (static_cast<double>(b.nanoseconds) - static_cast<double>(a.nanoseconds)) * 1e-9;
}

}  // namespace medsave
