#include "medsave/crypto/secret.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace medsave {
namespace {

TEST(Secret, HoldsItsText) {
  EXPECT_TRUE(Secret().empty());
  EXPECT_TRUE(Secret("").empty());
  const Secret secret("zweites Passwort ✓ é");
  EXPECT_EQ(secret.text(), "zweites Passwort ✓ é");
}

TEST(Secret, IsEmptyAfterAMove) {
  Secret a("one");
  Secret b = std::move(a);
  EXPECT_EQ(b.text(), "one");
  EXPECT_TRUE(a.empty());  // NOLINT: that is the point
  b = Secret("two");
  EXPECT_EQ(b.text(), "two");
}

TEST(Secret, MayBeLargerThanTheSecureHeap) {
  const std::string large(1 << 20, 'x');
  std::vector<Secret> secrets;
  secrets.reserve(3);
  for (int i = 0; i < 3; ++i) secrets.emplace_back(large);
  for (const Secret& secret : secrets) EXPECT_EQ(secret.text(), large);
}

}  // namespace
}  // namespace medsave
