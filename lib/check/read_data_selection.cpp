#include "medsave/check/read_data_selection.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/base/units.hpp"
#include "medsave/check/read_data_selection.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

namespace medsave {
namespace {

constexpr unsigned kMaxParts = 256;  // parts are told apart by the first byte of the pack's id

template <typename Number>
std::optional<Number> parse_whole(std::string_view text) {
  Number value = {};
  const char* end = text.data() + text.size();
  const std::from_chars_result result = std::from_chars(text.data(), end, value);
  if (text.empty() || result.ec != std::errc() || result.ptr != end) return std::nullopt;
  return value;
}

std::optional<ReadDataSelection> parse_part(std::string_view part, std::string_view parts) {
  const auto n = parse_whole<unsigned>(part);
  const auto t = parse_whole<unsigned>(parts);
  if (!n || !t || *n < 1 || *n > *t || *t > kMaxParts) return std::nullopt;
  return ReadDataSelection{.kind = ReadDataSelection::Kind::part, .part = *n, .parts = *t};
}

std::optional<ReadDataSelection> parse_percent(std::string_view text) {
  const auto percent = parse_whole<double>(text);
  if (!percent || !(*percent > 0) || *percent > 100) return std::nullopt;
  return ReadDataSelection{.kind = ReadDataSelection::Kind::percent, .percent = *percent};
}

std::optional<ReadDataSelection> parse_amount(std::string_view text) {
  const std::optional<std::uint64_t> size = parse_size(text);
  if (!size || *size == 0) return std::nullopt;
  return ReadDataSelection{.kind = ReadDataSelection::Kind::size, .size = *size};
}

std::vector<PackSummary> pick_share(std::vector<PackSummary> packs, double percent,
                                    Random& random) {
  const auto wanted = static_cast<std::size_t>(static_cast<double>(packs.size()) * percent / 100);
  const std::size_t count = std::clamp<std::size_t>(wanted, 1, packs.size());
  for (std::size_t i = 0; i < count; ++i) {  // the beginning of a Fisher-Yates shuffle
    const auto other = i + static_cast<std::size_t>(random.below(packs.size() - i));
    std::swap(packs[i], packs[other]);
  }
  packs.resize(count);
  return packs;
}

}  // namespace

ReadDataSelection parse_read_data_subset(const std::string& text) {
  const std::string_view view = text;
  const std::size_t slash = view.find('/');
  std::optional<ReadDataSelection> selection;
  if (slash != std::string_view::npos) {
    selection = parse_part(view.substr(0, slash), view.substr(slash + 1));
  } else if (view.ends_with('%')) {
    selection = parse_percent(view.substr(0, view.size() - 1));
  } else {
    selection = parse_amount(view);
  }
  if (selection) return *selection;
  throw Error(Errc::usage,
              format_text(_("\"{}\" says no part of the data: use n/t (1/5: the first of five "
                            "parts, at most 256), a percentage (2.5%) or a size (10G)"),
                          text));
}

std::vector<PackSummary> select_packs(std::vector<PackSummary> packs,
                                      const ReadDataSelection& selection, Random& random) {
  using Kind = ReadDataSelection::Kind;
  if (packs.empty() || selection.kind == Kind::none) return {};
  if (selection.kind == Kind::part) {
    std::erase_if(packs, [&](const PackSummary& pack) {
      return std::to_integer<unsigned>(pack.id.bytes()[0]) % selection.parts != selection.part - 1;
    });
  } else if (selection.kind == Kind::percent) {
    return pick_share(std::move(packs), selection.percent, random);
  } else if (selection.kind == Kind::size) {
    double total = 0;
    for (const PackSummary& pack : packs) total += static_cast<double>(pack.size);
    const double percent = static_cast<double>(selection.size) / total * 100;
    return pick_share(std::move(packs), std::min(percent, 100.0), random);
  }
  return packs;
}

}  // namespace medsave
