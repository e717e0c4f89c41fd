#include "node_table.hpp"

#include <gtest/gtest.h>

namespace medsave {
namespace {

Place entry(std::uint32_t index, std::uint64_t parent = 5) {
  return {.layout = {}, .tree = {}, .entry = index, .parent = parent, .snapshot = 3};
}

TEST(NodeTable, KeepsANumberUntilEachLookUpIsForgotten) {
  NodeTable table(std::make_shared<LayoutEntry>());
  EXPECT_EQ(table.enter(100, entry(1)), 100U);
  EXPECT_EQ(table.enter(100, entry(1)), 100U);
  table.forget(100, 1);
  ASSERT_TRUE(table.find(100));
  EXPECT_EQ(table.find(100)->entry, 1U);
  table.forget(100, 1);
  EXPECT_FALSE(table.find(100));
  EXPECT_EQ(table.size(), 1U);
}

TEST(NodeTable, NeverForgetsTheRoot) {
  NodeTable table(std::make_shared<LayoutEntry>());
  table.forget(1, 1000);
  EXPECT_TRUE(table.find(1));
}

TEST(NodeTable, GivesAnotherNumberWhenTwoPlacesWantTheSame) {
  NodeTable table(std::make_shared<LayoutEntry>());
  EXPECT_EQ(table.enter(100, entry(1)), 100U);
  EXPECT_EQ(table.enter(100, entry(2)), 101U);
  EXPECT_EQ(table.enter(100, entry(2)), 101U);
  EXPECT_EQ(table.enter(1, entry(3)), 2U);  // 1 is the root's
  EXPECT_EQ(table.find(101)->entry, 2U);
}

TEST(NodeTable, ToleratesNumbersItNeverGave) {
  NodeTable table(std::make_shared<LayoutEntry>());
  EXPECT_FALSE(table.find(77));
  table.forget(77, 3);
  EXPECT_EQ(table.size(), 1U);
}

}  // namespace
}  // namespace medsave
