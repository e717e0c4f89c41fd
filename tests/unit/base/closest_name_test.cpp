#include "medsave/base/closest_name.hpp"

#include <gtest/gtest.h>

namespace medsave {
namespace {

TEST(ClosestName, FindsWhatASlipOfTheKeyboardMeant) {
  const std::vector<std::string> names = {"backup", "check", "snapshots", "stats", "tag", "ls"};
  EXPECT_EQ(closest_name("bakcup", names), "backup");  // two letters exchanged
  EXPECT_EQ(closest_name("chek", names), "check");
  EXPECT_EQ(closest_name("snapshot", names), "snapshots");
  EXPECT_EQ(closest_name("staats", names), "stats");
  EXPECT_EQ(closest_name("tags", names), "tag");
}

TEST(ClosestName, DoesNotGuessWildly) {
  const std::vector<std::string> names = {"backup", "tag", "ls"};
  EXPECT_EQ(closest_name("nonsense", names), "");
  EXPECT_EQ(closest_name("cat", names), "");
  EXPECT_EQ(closest_name("", names), "");
  EXPECT_EQ(closest_name("x", names), "");
  EXPECT_EQ(closest_name(std::string(10'000, 'b'), names), "");
  EXPECT_EQ(closest_name("backup", {}), "");
}

}  // namespace
}  // namespace medsave
