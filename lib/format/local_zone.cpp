#include "local_zone.hpp"

#include "medsave/base/system.hpp"

#include <array>
#include <limits>

namespace medsave {

namespace {

// Offsets are cached for spans of 2^18 s (3 days). No zone has ever left an offset and returned to
// it within less than 3.98 days (Freetown, 1939), so if the two ends of a span have the same
// offset, all of it has.
constexpr int kSpanBits = 18;
constexpr std::size_t kSpans = 1024;  // eight years, if they are neighbours

struct Span {
  std::int64_t number = std::numeric_limits<std::int64_t>::min();
  std::int32_t offset = 0;
};

}  // namespace

std::int32_t local_offset(std::int64_t seconds) {
  thread_local std::array<Span, kSpans> spans;
  const std::int64_t number = seconds >> kSpanBits;
  Span& span = spans[static_cast<std::size_t>(number) % kSpans];
  if (span.number == number) return span.offset;

  const std::int64_t first = number << kSpanBits;
  const std::int32_t offset = zone_offset_at(first);
  if (offset != zone_offset_at(first + ((1 << kSpanBits) - 1))) return zone_offset_at(seconds);
  span = {number, offset};
  return offset;
}

}  // namespace medsave
