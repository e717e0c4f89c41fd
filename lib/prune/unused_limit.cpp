#include "medsave/prune/unused_limit.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/base/units.hpp"
#include "medsave/prune/prune_plan.hpp"

#include <charconv>
#include <limits>

namespace medsave {

std::uint64_t UnusedLimit::allowed(std::uint64_t used) const {
  switch (kind) {
    case Kind::percent:
      // p % of the whole, of which `used` is the rest.
      return static_cast<std::uint64_t>(percent / (100 - percent) * static_cast<double>(used));
    case Kind::bytes:
      return bytes;
    case Kind::unlimited:
      break;
  }
  return std::numeric_limits<std::uint64_t>::max();
}

UnusedLimit parse_unused_limit(const std::string& text) {
  if (text == "unlimited") return {.kind = UnusedLimit::Kind::unlimited};
  if (text.ends_with('%')) {
    UnusedLimit limit;
    const char* const end = text.data() + text.size() - 1;
    const auto [after, error] = std::from_chars(text.data(), end, limit.percent);
    if (error == std::errc{} && after == end && limit.percent >= 0 && limit.percent < 100) {
      return limit;
    }
    throw Error(Errc::usage, _("must be a share of 0% to below 100%"));
  }
  if (const auto bytes = parse_size(text)) {
    return {.kind = UnusedLimit::Kind::bytes, .bytes = *bytes};
  }
  throw Error(Errc::usage, _("must be a size (200M), a share (5%) or \"unlimited\""));
}

}  // namespace medsave
