#include "medsave/base/id.hpp"

#include <gtest/gtest.h>

#include <string>
#include <unordered_set>

namespace medsave {
namespace {

const std::string kHex = "810c2ee6f9581c22c375c5dd593510295f61c192a7d9644faeb5065205c2c50f";

TEST(Id, GoesFromHexAndBack) {
  const auto id = Id::parse(kHex);
  ASSERT_TRUE(id.has_value());
  EXPECT_EQ(id->hex(), kHex);
  EXPECT_EQ(id->short_hex(), "810c2ee6");
  EXPECT_EQ(Id::from_bytes(id->bytes()), *id);
}

TEST(Id, IsExactly64LowerCaseDigits) {
  EXPECT_FALSE(Id::parse(""));
  EXPECT_FALSE(Id::parse(kHex.substr(1)));
  EXPECT_FALSE(Id::parse(kHex + "0"));
  EXPECT_FALSE(Id::parse(kHex.substr(1) + "A"));
  EXPECT_FALSE(Id::parse(kHex.substr(1) + "g"));
  EXPECT_FALSE(Id::parse(kHex.substr(1) + " "));
}

TEST(Id, IsZeroUntilSet) {
  EXPECT_TRUE(Id().is_zero());
  EXPECT_FALSE(Id::parse(kHex)->is_zero());
}

TEST(Id, SortsLikeItsHex) {
  const Id low = *Id::parse("00" + kHex.substr(2));
  const Id high = *Id::parse("ff" + kHex.substr(2));
  EXPECT_LT(low, high);
  EXPECT_GT(high, low);
}

TEST(Id, CanBeAKey) {
  std::unordered_set<Id> ids = {*Id::parse(kHex), Id()};
  EXPECT_TRUE(ids.contains(*Id::parse(kHex)));
  EXPECT_EQ(ids.size(), 2U);
}

}  // namespace
}  // namespace medsave
