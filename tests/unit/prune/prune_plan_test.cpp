#include "medsave/prune/prune_plan.hpp"

#include "plan_setup.hpp"
#include "support/matchers.hpp"

#include "medsave/prune/unused_limit.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace medsave {
namespace {

using test::numbers;
using test::PlanSetup;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::uint32_t kLarge = 5U << 20U;  // a blob that makes its pack large enough
constexpr PruneOptions kTidy = {.max_unused = {.percent = 0}};

TEST(PrunePlan, DeletesPacksOfWhichNothingIsNeeded) {
  PlanSetup setup;
  setup.pack(1, {{.number = 1, .used = true, .length = kLarge}});
  setup.pack(2, {{.number = 2}, {.number = 3}});
  const PrunePlan plan = setup.plan();
  EXPECT_THAT(numbers(plan.remove), ElementsAre(2));
  EXPECT_THAT(plan.repack, IsEmpty());
  EXPECT_EQ(plan.stats.removed.blobs, 2U);
  EXPECT_EQ(plan.stats.removed.bytes, 2000U);
  EXPECT_EQ(plan.stats.remaining().blobs, 1U);
  EXPECT_EQ(plan.stats.remaining().bytes, kLarge);
  EXPECT_EQ(plan.stats.packs_kept, 1U);
}

TEST(PrunePlan, ChangesNothingWhereAllIsNeeded) {
  PlanSetup setup;
  setup.pack(1, {{.number = 1, .used = true, .length = kLarge}});
  const PrunePlan plan = setup.plan(kTidy);
  EXPECT_FALSE(plan.changes_index());
  EXPECT_EQ(plan.stats.unused_bytes_after(), 0U);
}

TEST(PrunePlan, DeletesPacksThatNoIndexLists) {
  PlanSetup setup;
  setup.pack(1, {{.number = 1, .used = true, .length = kLarge}});
  setup.listing().push_back({.id = PlanSetup::pack_id(7), .size = 123});
  const PrunePlan plan = setup.plan();
  ASSERT_THAT(plan.unindexed, SizeIs(1));
  EXPECT_EQ(plan.unindexed[0].id, PlanSetup::pack_id(7));
  EXPECT_EQ(plan.stats.unindexed_bytes, 123U);
  EXPECT_FALSE(plan.changes_index());
}

TEST(PrunePlan, RepacksUntilTheRestIsBelowTheLimit) {
  PlanSetup setup;
  // Unused shares of 50 %, 20 % and 1 %; each pack is large.
  setup.pack(1, {{1, true, kLarge}, {2, false, kLarge}});
  setup.pack(2, {{3, true, 4 * kLarge}, {4, false, kLarge}});
  setup.pack(3, {{5, true, 99 * kLarge}, {6, false, kLarge}});
  EXPECT_THAT(numbers(setup.plan(kTidy).repack), ElementsAre(1, 2, 3));
  // 5 % of 104 + 5.47 are a little more than five: all three unused blobs may stay.
  EXPECT_THAT(setup.plan().repack, IsEmpty());
  EXPECT_THAT(numbers(setup.plan({.max_unused = {.percent = 2}}).repack), ElementsAre(1));
  EXPECT_THAT(numbers(setup.plan({.max_unused = {.percent = 1}}).repack), ElementsAre(1, 2));
  const UnusedLimit bytes = {.kind = UnusedLimit::Kind::bytes, .bytes = 2 * kLarge + 1};
  EXPECT_THAT(numbers(setup.plan({.max_unused = bytes}).repack), ElementsAre(1));
  const UnusedLimit unlimited = {.kind = UnusedLimit::Kind::unlimited};
  EXPECT_THAT(setup.plan({.max_unused = unlimited}).repack, IsEmpty());
}

TEST(PrunePlan, RepacksLessThanTheGivenSize) {
  PlanSetup setup;
  setup.pack(1, {{1, true, kLarge}, {2, false, kLarge}});
  setup.pack(2, {{3, true, kLarge}, {4, false, kLarge}});
  PruneOptions options = kTidy;
  options.max_repack_bytes = 0;
  EXPECT_THAT(setup.plan(options).repack, IsEmpty());
  options.max_repack_bytes = 2 * kLarge;
  EXPECT_THAT(setup.plan(options).repack, IsEmpty());
  options.max_repack_bytes = 2 * kLarge + 1;
  EXPECT_THAT(setup.plan(options).repack, SizeIs(1));
  options.max_repack_bytes = 4 * kLarge + 1;
  EXPECT_THAT(setup.plan(options).repack, SizeIs(2));
}

TEST(PrunePlan, JoinsSmallPacksOnlyWhenThereAreMany) {
  PlanSetup setup;
  setup.pack(100, {{100, true, kLarge}});
  for (unsigned n = 1; n <= 9; ++n) setup.pack(n, {{.number = n, .used = true}});
  EXPECT_THAT(setup.plan().repack, IsEmpty());
  EXPECT_THAT(setup.plan({.repack_small = true}).repack, SizeIs(9));
  setup.pack(10, {{.number = 10, .used = true}});
  EXPECT_THAT(setup.plan().repack, SizeIs(10));
  EXPECT_THAT(setup.plan({.repack_below = 500}).repack, IsEmpty());
  EXPECT_THAT(setup.plan({.repack_below = 2 * kLarge}).repack, SizeIs(11));
}

TEST(PrunePlan, TakesPacksThatAreNeededAnywayForDuplicates) {
  PlanSetup setup;
  const PlanSetup::Blob twice = {1, true, kLarge};
  setup.pack(1, {twice, {2, false, kLarge}});
  setup.pack(2, {twice, {3, true, kLarge}});
  const PrunePlan plan = setup.plan(kTidy);
  EXPECT_THAT(numbers(plan.remove), ElementsAre(1));
  EXPECT_THAT(plan.repack, IsEmpty());
  EXPECT_EQ(plan.stats.duplicate.blobs, 1U);
  EXPECT_EQ(plan.stats.unused.blobs, 1U);
  EXPECT_EQ(plan.stats.used.blobs, 2U);
}

TEST(PrunePlan, KeepsOneOfTwoPacksWithTheSameBlobs) {
  PlanSetup setup;
  const std::vector<PlanSetup::Blob> blobs = {{1, true, kLarge}, {2, true, kLarge}};
  setup.pack(1, blobs).pack(2, blobs).pack(3, blobs);
  const PrunePlan plan = setup.plan(kTidy);
  EXPECT_THAT(plan.remove, SizeIs(2));
  EXPECT_THAT(plan.repack, IsEmpty());
  EXPECT_EQ(plan.stats.duplicate.blobs, 4U);
}

TEST(PrunePlan, KeepsTheLastCopyWhereNoPackIsAGoodPlace) {
  PlanSetup setup;
  setup.pack(1, {{1, true, kLarge}, {2, false, kLarge}});
  setup.pack(2, {{1, true, kLarge}, {3, false, kLarge}});
  const PrunePlan plan = setup.plan(kTidy);
  EXPECT_THAT(numbers(plan.remove), ElementsAre(1));
  EXPECT_THAT(numbers(plan.repack), ElementsAre(2));
}

TEST(PrunePlan, CopesWithHundredsOfCopies) {
  PlanSetup setup;
  for (unsigned n = 1; n <= 600; ++n) {
    setup.pack(n, {{1, true, kLarge}, {.number = 1000 + n, .used = false}});
  }
  const PrunePlan plan = setup.plan(kTidy);
  EXPECT_THAT(plan.remove, SizeIs(599));
  EXPECT_THAT(plan.repack, SizeIs(1));
}

TEST(PrunePlan, SeparatesMixedPacks) {
  PlanSetup setup;
  setup.pack(1, {{1, true, kLarge}, {2, true, kLarge, BlobKind::tree}});
  EXPECT_THAT(numbers(setup.plan().repack), ElementsAre(1));
}

TEST(PrunePlan, LeavesFileContentsAloneWhenOnlyFolderListsMayBeRepacked) {
  PlanSetup setup;
  setup.pack(1, {{1, true, kLarge}, {2, false, kLarge}});
  setup.pack(2, {{3, true, kLarge, BlobKind::tree}, {4, false, kLarge, BlobKind::tree}});
  setup.pack(3, {{5, false, kLarge}});
  PruneOptions options = kTidy;
  options.repack_cacheable_only = true;
  const PrunePlan plan = setup.plan(options);
  EXPECT_THAT(numbers(plan.repack), ElementsAre(2));
  EXPECT_THAT(numbers(plan.remove), ElementsAre(3));
}

TEST(PrunePlan, CompressesWhatVersion2Can) {
  PlanSetup setup;
  setup.pack(1, {{1, true, kLarge, BlobKind::data, false}});
  setup.pack(2, {{2, true, kLarge, BlobKind::tree, false}});
  EXPECT_THAT(numbers(setup.plan().repack), ElementsAre(2));
  EXPECT_THAT(numbers(setup.plan({.repack_uncompressed = true}).repack), ElementsAre(1, 2));
  EXPECT_THAT(setup.plan({.repack_uncompressed = true}, 1).repack, IsEmpty());
}

TEST(PrunePlan, RefusesWhenANeededPackIsMissing) {
  PlanSetup setup;
  setup.pack(1, {{.number = 1, .used = true}}, false);
  EXPECT_THAT([&] { (void)setup.plan(); }, test::throws_errc(Errc::corrupt));
}

TEST(PrunePlan, RefusesWhenANeededPackHasTheWrongSize) {
  PlanSetup setup;
  setup.pack(1, {{.number = 1, .used = true}});
  --setup.listing()[0].size;
  EXPECT_THAT([&] { (void)setup.plan(); }, test::throws_errc(Errc::corrupt));
}

TEST(PrunePlan, DropsMissingAndDamagedPacksThatNobodyNeeds) {
  PlanSetup setup;
  const PlanSetup::Blob twice = {1, true, kLarge};
  setup.pack(1, {twice}, false);
  setup.pack(2, {{.number = 2}}, false);
  setup.pack(3, {twice});
  setup.pack(4, {twice, {.number = 3}});
  setup.listing()[1].size += 5;
  const PrunePlan plan = setup.plan(kTidy);
  EXPECT_THAT(numbers(plan.missing), ElementsAre(1, 2));
  EXPECT_THAT(numbers(plan.remove), ElementsAre(4));
  EXPECT_THAT(plan.repack, IsEmpty());
}

TEST(PrunePlan, TheBooksAlwaysBalance) {
  std::uint32_t random = 1;
  const auto below = [&](std::uint32_t limit) {
    random = random * 1664525 + 1013904223;
    return (random >> 8U) % limit;
  };
  for (int round = 0; round < 200; ++round) {
    SCOPED_TRACE(round);
    PlanSetup setup;
    std::uint64_t bytes = 0;
    const unsigned blobs = 1 + below(60);
    std::vector<bool> used(blobs);
    for (unsigned n = 0; n < blobs; ++n) used[n] = below(2) == 0;
    for (unsigned pack = 0; pack < 1 + below(20); ++pack) {
      std::vector<PlanSetup::Blob> content;
      for (unsigned n = 0; n < 1 + below(8); ++n) {
        const unsigned blob = below(blobs);
        content.push_back({blob, used[blob], 1000 + blob * 50'000});
        bytes += content.back().length;
      }
      setup.pack(pack, content);
    }
    const PrunePlan plan = setup.plan(below(2) == 0 ? kTidy : PruneOptions{});
    const PruneStats& stats = plan.stats;
    EXPECT_EQ(stats.used.bytes + stats.duplicate.bytes + stats.unused.bytes, bytes);
    EXPECT_EQ(stats.remaining().bytes + stats.pruned().bytes, bytes);
    EXPECT_GE(stats.remaining().bytes, stats.used.bytes);
    EXPECT_EQ(stats.packs_kept + plan.remove.size() + plan.repack.size(), setup.listing().size());
  }
}

TEST(UnusedLimit, IsAShareOfTheFinalRepositoryOrASize) {
  EXPECT_EQ(parse_unused_limit("5%").allowed(950), 50U);
  EXPECT_EQ(parse_unused_limit("0%").allowed(950), 0U);
  EXPECT_EQ(parse_unused_limit("50%").allowed(950), 950U);
  EXPECT_EQ(parse_unused_limit("200k").allowed(950), 200U << 10U);
  EXPECT_EQ(parse_unused_limit("0").allowed(950), 0U);
  EXPECT_GT(parse_unused_limit("unlimited").allowed(0), 1ULL << 60U);
  for (const char* wrong : {"100%", "-1%", "x", "%", "5 %", "-1", "nan%", ""}) {
    EXPECT_THAT([&] { parse_unused_limit(wrong); }, test::throws_errc(Errc::usage)) << wrong;
  }
}

}  // namespace
}  // namespace medsave
