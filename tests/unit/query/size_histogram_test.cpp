#include "medsave/query/size_histogram.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace medsave {
namespace {

TEST(SizeHistogram, CountsByPowersOfTen) {
  SizeHistogram sizes;
  EXPECT_TRUE(sizes.classes().empty());
  for (const std::uint64_t size : {9U, 10U, 99U, 1000U, 9999U}) sizes.add(size);
  EXPECT_EQ(sizes.count(), 5U);
  EXPECT_EQ(sizes.total(), 11117U);
  const auto classes = sizes.classes();
  ASSERT_EQ(classes.size(), 4U);
  EXPECT_EQ(classes[0].least, 1U);
  EXPECT_EQ(classes[0].most, 9U);
  EXPECT_EQ(classes[0].count, 1U);
  EXPECT_EQ(classes[1].count, 2U);
  EXPECT_EQ(classes[2].least, 100U);
  EXPECT_EQ(classes[2].most, 999U);
  EXPECT_EQ(classes[2].count, 0U);
  EXPECT_EQ(classes[3].count, 2U);
}

TEST(SizeHistogram, HasAClassForEverySize) {
  SizeHistogram sizes;
  sizes.add(0);
  sizes.add(std::numeric_limits<std::uint64_t>::max());
  const auto classes = sizes.classes();
  ASSERT_EQ(classes.size(), 21U);
  EXPECT_EQ(classes.front().least, 0U);
  EXPECT_EQ(classes.front().most, 0U);
  EXPECT_EQ(classes.back().least, 10'000'000'000'000'000'000U);
  EXPECT_EQ(classes.back().most, std::numeric_limits<std::uint64_t>::max());
}

}  // namespace
}  // namespace medsave
