#include "medsave/base/clock.hpp"

#include <chrono>

namespace medsave {
namespace {

class SystemClock final : public Clock {
 public:
  [[nodiscard]] Timestamp now() const override {
    const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
    const auto seconds = std::chrono::floor<std::chrono::seconds>(since_1970);
    const std::chrono::nanoseconds rest = since_1970 - seconds;
    return {.seconds = seconds.count(), .nanoseconds = static_cast<std::uint32_t>(rest.count())};
  }
};

}  // namespace

const Clock& system_clock() {
  static const SystemClock clock;
  return clock;
}

}  // namespace medsave
