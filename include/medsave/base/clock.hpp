#pragma once

#include <compare>
#include <cstdint>

namespace medsave {

/// An instant: nanoseconds are always 0..999'999'999, also before 1970.
struct Timestamp {
  std::int64_t seconds = 0;  // since 1970-01-01T00:00:00Z
  std::uint32_t nanoseconds = 0;

  friend auto operator<=>(const Timestamp&, const Timestamp&) = default;
};

/// The wall clock behind an interface, so that tests can replace it and repositories become
/// byte-identical. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual Timestamp now() const = 0;
};

/// The system's real-time clock. Defined in lib/sys.
const Clock& system_clock();

/// b - a in seconds.
double seconds_between(const Timestamp& a, const Timestamp& b);

}  // namespace medsave
