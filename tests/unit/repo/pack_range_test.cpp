#include "medsave/repo/pack_range.hpp"

#include "stores.hpp"
#include "support/matchers.hpp"

#include "medsave/base/error.hpp"
#include "medsave/crypto/sha256.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

namespace medsave {
namespace {

constexpr PackRangeLimits kLimits = {.gap = 10, .length = 100};

TEST(PackRange, TakesNeighboursWithinTheGap) {
  PackRange range(50, 40);
  EXPECT_TRUE(range.add(90, 5, kLimits));
  EXPECT_TRUE(range.add(105, 5, kLimits));
  EXPECT_EQ(range.offset(), 50U);
  EXPECT_EQ(range.length(), 60U);
  EXPECT_FALSE(range.add(121, 5, kLimits));
  EXPECT_EQ(range.length(), 60U);
}

TEST(PackRange, EndsAtTheLongestRequest) {
  PackRange range(50, 40);
  EXPECT_TRUE(range.add(90, 60, kLimits));
  EXPECT_FALSE(range.add(150, 1, kLimits));
  EXPECT_EQ(range.length(), 100U);
}

TEST(PackRange, TakesOneBlobOfAnyLength) {
  PackRange range(7, 1000);
  EXPECT_EQ(range.length(), 1000U);
  EXPECT_FALSE(range.add(1007, 1, kLimits));
}

TEST(PackRange, CoversBlobsThatOverlap) {
  PackRange range(0, 80);
  EXPECT_TRUE(range.add(10, 20, kLimits));
  EXPECT_EQ(range.length(), 80U);
  EXPECT_TRUE(range.add(90, 10, kLimits));  // counted from the end of the first
  EXPECT_EQ(range.length(), 100U);
}

TEST(PackRange, DoesNotWrapAroundAtTheEndOfOffsets) {
  constexpr std::uint32_t kMost = std::numeric_limits<std::uint32_t>::max();
  PackRange range(kMost - 5, kMost);
  EXPECT_EQ(range.length(), kMost);
  EXPECT_FALSE(range.add(kMost, kMost, kLimits));
}

class PackRangeOfAStore : public testing::Test {
 protected:
  PackRangeOfAStore() {
    test::create_in(store_);
    const ByteView bytes = as_bytes("0123456789");
    Buffer content(bytes.size());
    std::ranges::copy(bytes, content.data());
    store_.save({.kind = FileKind::pack, .id = pack_}, std::move(content));
  }

  MemBackend store_;
  const Id pack_ = sha256(as_bytes("a pack"));
  Buffer bytes_;
};

TEST_F(PackRangeOfAStore, ReadsItsBlobsAtOnce) {
  const auto repository = test::open_in(store_);
  PackRange range(2, 3);
  ASSERT_TRUE(range.add(6, 2, kLimits));
  ASSERT_TRUE(range.load(*repository, pack_, bytes_));
  EXPECT_EQ(as_text(bytes_.view()), "234567");
  EXPECT_EQ(as_text(range.blob(bytes_, 2, 3)), "234");
  EXPECT_EQ(as_text(range.blob(bytes_, 6, 2)), "67");
}

TEST_F(PackRangeOfAStore, SaysWhenTheBytesCannotBeHad) {
  const auto repository = test::open_in(store_);
  EXPECT_FALSE(PackRange(2, 100).load(*repository, pack_, bytes_));
  EXPECT_FALSE(PackRange(2, 3).load(*repository, sha256(as_bytes("another")), bytes_));
}

TEST_F(PackRangeOfAStore, ThrowsWhatEndsTheCommand) {
  const auto repository = test::open_in(store_, [this](test::Call call, const FileRef& file) {
    if (call == test::Call::load_range && file.id == pack_) {
      throw Error(Errc::unreachable, "injected");
    }
  });
  EXPECT_THAT([&] { PackRange(2, 3).load(*repository, pack_, bytes_); },
              test::throws_errc(Errc::unreachable));
}

}  // namespace
}  // namespace medsave
