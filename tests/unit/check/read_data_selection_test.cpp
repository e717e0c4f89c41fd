#include "medsave/check/read_data_selection.hpp"

#include "support/matchers.hpp"

#include "medsave/base/error.hpp"
#include "medsave/check/read_data_selection.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace medsave {
namespace {

using Kind = ReadDataSelection::Kind;
using test::throws_errc;

std::vector<PackSummary> packs(std::size_t count) {
  std::vector<PackSummary> packs(count);
  for (std::size_t i = 0; i < count; ++i) {
    packs[i].id.bytes()[0] = static_cast<std::byte>(i);
    packs[i].id.bytes()[1] = static_cast<std::byte>(i / 256);
    packs[i].size = 1000;
  }
  return packs;
}

std::size_t distinct(const std::vector<PackSummary>& packs) {
  std::set<Id> ids;
  for (const PackSummary& pack : packs) ids.insert(pack.id);
  return ids.size();
}

TEST(ReadDataSelection, KnowsPartsPercentagesAndSizes) {
  const ReadDataSelection part = parse_read_data_subset("2/5");
  EXPECT_EQ(part.kind, Kind::part);
  EXPECT_EQ(part.part, 2U);
  EXPECT_EQ(part.parts, 5U);
  EXPECT_EQ(parse_read_data_subset("256/256").parts, 256U);
  EXPECT_EQ(parse_read_data_subset("2.5%").kind, Kind::percent);
  EXPECT_DOUBLE_EQ(parse_read_data_subset("2.5%").percent, 2.5);
  EXPECT_DOUBLE_EQ(parse_read_data_subset("100%").percent, 100);
  EXPECT_EQ(parse_read_data_subset("10G").kind, Kind::size);
  EXPECT_EQ(parse_read_data_subset("10G").size, 10ULL << 30);
}

TEST(ReadDataSelection, RefusesEverythingElse) {
  for (const char* text : {"", "0/5", "6/5", "1/257", "1/", "/5", "-1/5", "1/5/2", "a/b", "0%",
                           "100.1%", "-3%", "%", "nan%", "inf%", "0", "x", "5 %", "1.5/3"}) {
    EXPECT_THAT([&] { parse_read_data_subset(text); }, throws_errc(Errc::usage)) << text;
  }
}

TEST(ReadDataSelection, PartsAreDisjointAndComplete) {
  std::size_t sum = 0;
  std::set<Id> seen;
  for (unsigned n = 1; n <= 7; ++n) {
    const auto part =
        select_packs(packs(600), {.kind = Kind::part, .part = n, .parts = 7}, system_random());
    sum += part.size();
    for (const PackSummary& pack : part) seen.insert(pack.id);
  }
  EXPECT_EQ(sum, 600U);
  EXPECT_EQ(seen.size(), 600U);
}

TEST(ReadDataSelection, SharesAreOfTheRightSizeAndAtLeastOne) {
  const auto count = [](const ReadDataSelection& selection) {
    const auto chosen = select_packs(packs(200), selection, system_random());
    EXPECT_EQ(distinct(chosen), chosen.size());
    return chosen.size();
  };
  EXPECT_EQ(count({.kind = Kind::percent, .percent = 10}), 20U);
  EXPECT_EQ(count({.kind = Kind::percent, .percent = 0.001}), 1U);
  EXPECT_EQ(count({.kind = Kind::percent, .percent = 100}), 200U);
  EXPECT_EQ(count({.kind = Kind::size, .size = 50'000}), 50U);
  EXPECT_EQ(count({.kind = Kind::size, .size = 1}), 1U);
  EXPECT_EQ(count({.kind = Kind::size, .size = 1ULL << 60}), 200U);
  EXPECT_EQ(count({.kind = Kind::all}), 200U);
  EXPECT_EQ(count({.kind = Kind::none}), 0U);
  EXPECT_TRUE(select_packs({}, {.kind = Kind::percent, .percent = 5}, system_random()).empty());
}

}  // namespace
}  // namespace medsave
