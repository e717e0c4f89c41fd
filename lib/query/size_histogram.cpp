#include "medsave/query/size_histogram.hpp"

#include <limits>

namespace medsave {
namespace {

constexpr std::uint64_t kBase = 10;

unsigned digits_of(std::uint64_t value) {
  unsigned digits = 0;
  for (; value != 0; value /= kBase) ++digits;
  return digits;
}

/// The largest number of so many digits.
std::uint64_t largest_of(unsigned digits) {
  if (digits >= digits_of(std::numeric_limits<std::uint64_t>::max())) {
    return std::numeric_limits<std::uint64_t>::max();
  }
  std::uint64_t value = 0;
  for (unsigned i = 0; i < digits; ++i) value = value * kBase + (kBase - 1);
  return value;
}

}  // namespace

void SizeHistogram::add(std::uint64_t bytes) {
  ++counts_[digits_of(bytes)];
  ++count_;
  total_ += bytes;
}

std::vector<SizeHistogram::Class> SizeHistogram::classes() const {
  std::vector<Class> out;
  if (counts_.empty()) return out;
  for (unsigned digits = counts_.begin()->first; digits <= counts_.rbegin()->first; ++digits) {
    const auto found = counts_.find(digits);
    out.push_back({.least = digits == 0 ? 0 : largest_of(digits - 1) + 1,
                   .most = largest_of(digits),
                   .count = found == counts_.end() ? 0 : found->second});
  }
  return out;
}

}  // namespace medsave
