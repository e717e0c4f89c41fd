#include "medsave/format/node.hpp"

#include <gtest/gtest.h>

#include <sys/stat.h>

#include <optional>
#include <utility>
#include <vector>

namespace medsave::test {
namespace {

TEST(GoMode, ConvertsTypesAndSpecialBits) {
  EXPECT_EQ(go_mode::from_unix(S_IFREG | 0644), 420U);
  EXPECT_EQ(go_mode::from_unix(S_IFDIR | 0755), 2147484141U);
  EXPECT_EQ(go_mode::from_unix(S_IFLNK | 0777), 134218239U);
  EXPECT_EQ(go_mode::from_unix(S_IFCHR | 0644), 69206436U);
  EXPECT_EQ(go_mode::from_unix(S_IFBLK | 0600), (1U << 26) | 0600U);
  EXPECT_EQ(go_mode::from_unix(S_IFIFO | 0640), 33554848U);
  EXPECT_EQ(go_mode::from_unix(S_IFSOCK | 0640), (1U << 24) | 0640U);
  EXPECT_EQ(go_mode::from_unix(S_IFREG | 04755), 8389101U);
  EXPECT_EQ(go_mode::from_unix(S_IFDIR | 01777), 2148532735U);
  EXPECT_EQ(go_mode::from_unix(0160000 | 0600), (1U << 19) | 0600U);
  for (std::uint32_t bits = 0; bits <= 07777; ++bits) {
    EXPECT_EQ(go_mode::to_unix_permissions(go_mode::from_unix(S_IFDIR | bits)), bits);
  }
}

TEST(GoMode, TextShowsTypeLettersAndPlainPermissions) {
  EXPECT_EQ(go_mode::text(go_mode::from_unix(S_IFREG | 0644)), "-rw-r--r--");
  EXPECT_EQ(go_mode::text(go_mode::from_unix(S_IFDIR | 0755)), "drwxr-xr-x");
  EXPECT_EQ(go_mode::text(go_mode::from_unix(S_IFLNK | 0777)), "Lrwxrwxrwx");
  EXPECT_EQ(go_mode::text(go_mode::from_unix(S_IFCHR | 0644)), "Dcrw-r--r--");
  EXPECT_EQ(go_mode::text(go_mode::from_unix(S_IFDIR | 01777)), "dtrwxrwxrwx");
  EXPECT_EQ(go_mode::text(go_mode::from_unix(S_IFREG | 04755)), "urwxr-xr-x");
  EXPECT_EQ(go_mode::text(go_mode::from_unix(S_IFDIR | 03777)), "dgtrwxrwxrwx");
  EXPECT_EQ(go_mode::text(0), "----------");
}

TEST(NodeType, IsThatOfTheModeBits) {
  const std::vector<std::pair<std::uint32_t, NodeType>> types = {
      {S_IFREG, NodeType::file},   {S_IFDIR, NodeType::dir},         {S_IFLNK, NodeType::symlink},
      {S_IFBLK, NodeType::device}, {S_IFCHR, NodeType::char_device}, {S_IFIFO, NodeType::fifo},
      {S_IFSOCK, NodeType::socket}};
  for (const auto& [bits, type] : types) {
    EXPECT_EQ(node_type_of(bits | 0644U), type);
    EXPECT_EQ(unix_type_bits(type), bits);
  }
  EXPECT_EQ(node_type_of(0160000U | 0644U), std::nullopt);
  EXPECT_EQ(node_type_of(0), std::nullopt);
  EXPECT_EQ(unix_type_bits(NodeType::irregular), 0U);
}

TEST(NodeTypeName, IsThatOfTheFormat) {
  EXPECT_EQ(node_type_name(NodeType::file), "file");
  EXPECT_EQ(node_type_name(NodeType::dir), "dir");
  EXPECT_EQ(node_type_name(NodeType::symlink), "symlink");
  EXPECT_EQ(node_type_name(NodeType::device), "dev");
  EXPECT_EQ(node_type_name(NodeType::char_device), "chardev");
  EXPECT_EQ(node_type_name(NodeType::fifo), "fifo");
  EXPECT_EQ(node_type_name(NodeType::socket), "socket");
  EXPECT_EQ(node_type_name(NodeType::irregular), "irregular");
}

}  // namespace
}  // namespace medsave::test
