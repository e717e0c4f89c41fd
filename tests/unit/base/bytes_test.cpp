#include "medsave/base/bytes.hpp"

#include <gtest/gtest.h>

namespace medsave {
namespace {

TEST(Buffer, KeepsItsContentWhenItGrows) {
  Buffer buffer(as_bytes("abc"));
  for (int i = 0; i < 1000; ++i) buffer.append(as_bytes("xyz"));
  EXPECT_EQ(buffer.size(), 3003U);
  EXPECT_EQ(as_text(buffer.view()).substr(0, 6), "abcxyz");
  EXPECT_EQ(as_text(buffer.view()).substr(3000), "xyz");
}

TEST(Buffer, IsEmptyAfterAMove) {
  Buffer from(as_bytes("abc"));
  Buffer to = std::move(from);
  EXPECT_EQ(as_text(to.view()), "abc");
  EXPECT_TRUE(from.empty());       // NOLINT: that is the point
  from.append(as_bytes("again"));  // NOLINT
  EXPECT_EQ(as_text(from.view()), "again");
}

TEST(Buffer, KeepsItsMemoryWhenCleared) {
  Buffer buffer(100);
  const std::byte* memory = buffer.data();
  buffer.clear();
  buffer.resize(100);
  EXPECT_EQ(buffer.data(), memory);
}

TEST(LittleEndian, GoesThereAndBack) {
  std::byte bytes[4] = {};
  store_le32(bytes, 0x01020304);
  EXPECT_EQ(bytes[0], std::byte{4});
  EXPECT_EQ(load_le32(bytes), 0x01020304U);
}

}  // namespace
}  // namespace medsave
