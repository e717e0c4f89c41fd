#include "medsave/prune/repack_rounds.hpp"

#include "plan_setup.hpp"

#include "medsave/prune/prune_plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace medsave {
namespace {

using test::numbers;
using test::PlanSetup;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::uint64_t kMiB = 1ULL << 20U;

PackToDelete to_delete(unsigned number, std::uint64_t size, std::uint64_t used) {
  return {.id = PlanSetup::pack_id(number), .size = size * kMiB, .used_bytes = used * kMiB};
}

PrunePlan three_packs() {
  PrunePlan plan;
  plan.repack = {to_delete(1, 100, 90), to_delete(2, 100, 50), to_delete(3, 100, 10)};
  return plan;
}

TEST(RepackRounds, IsOneRoundWhereThereIsRoom) {
  for (const std::optional<std::uint64_t> free_bytes :
       {std::optional<std::uint64_t>(200 * kMiB), std::optional<std::uint64_t>()}) {
    const RepackRounds rounds = plan_repack_rounds(three_packs(), free_bytes);
    EXPECT_EQ(rounds.required, 0U);
    ASSERT_THAT(rounds.rounds, SizeIs(1));
    EXPECT_THAT(numbers(rounds.rounds[0]), ElementsAre(1, 2, 3));
  }
}

TEST(RepackRounds, NeedsNoSpaceForRemovingOnly) {
  PrunePlan plan;
  plan.remove = {to_delete(1, 100, 0)};
  const RepackRounds rounds = plan_repack_rounds(plan, 0);
  EXPECT_EQ(rounds.required, 0U);
  ASSERT_THAT(rounds.rounds, SizeIs(1));
  EXPECT_THAT(rounds.rounds[0], IsEmpty());
}

TEST(RepackRounds, RemovesFirstThenRepacksWhatFits) {
  const RepackRounds rounds = plan_repack_rounds(three_packs(), 30 * kMiB);
  EXPECT_EQ(rounds.required, 0U);
  ASSERT_THAT(rounds.rounds, SizeIs(4));
  EXPECT_THAT(rounds.rounds[0], IsEmpty());
  EXPECT_THAT(numbers(rounds.rounds[1]), ElementsAre(3));
  EXPECT_THAT(numbers(rounds.rounds[2]), ElementsAre(2));
  EXPECT_THAT(numbers(rounds.rounds[3]), ElementsAre(1));
}

TEST(RepackRounds, CountsOnWhatIsFreedWithoutRepacking) {
  PrunePlan plan = three_packs();
  plan.remove = {to_delete(4, 70, 0)};
  const RepackRounds rounds = plan_repack_rounds(plan, 20 * kMiB);
  EXPECT_EQ(rounds.required, 0U);
  ASSERT_THAT(rounds.rounds, SizeIs(3));
  EXPECT_THAT(numbers(rounds.rounds[1]), ElementsAre(2, 3));
  EXPECT_THAT(numbers(rounds.rounds[2]), ElementsAre(1));
}

TEST(RepackRounds, SaysWhatIsLackingBeforeAnythingBegins) {
  const RepackRounds rounds = plan_repack_rounds(three_packs(), 20 * kMiB);
  EXPECT_THAT(rounds.rounds, IsEmpty());
  EXPECT_EQ(rounds.required, 26 * kMiB);
  EXPECT_EQ(plan_repack_rounds(three_packs(), rounds.required).required, 0U);
}

}  // namespace
}  // namespace medsave
