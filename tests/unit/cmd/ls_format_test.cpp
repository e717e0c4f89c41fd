#include "ls_format.hpp"

#include <gtest/gtest.h>

namespace medsave::cli {
namespace {

Node file(const std::string& name, std::uint64_t size) {
  Node node;
  node.name = name;
  node.mode = 0644;
  node.size = size;
  return node;
}

Node folder(const std::string& name) {
  Node node;
  node.name = name;
  node.type = NodeType::dir;
  node.mode = go_mode::kDir | 0755;
  return node;
}

TEST(LongLine, ShowsModeOwnerSizeAndTarget) {
  Node link;
  link.type = NodeType::symlink;
  link.mode = go_mode::kSymlink | 0777;
  const std::string line = long_line(link, "/l", "a", false);
  EXPECT_TRUE(line.starts_with("Lrwxrwxrwx     0     0      0 19")) << line;
  EXPECT_TRUE(line.ends_with(" /l -> a")) << line;
  EXPECT_NE(long_line(file("a", 2048), "/a", "", true).find("   2.000 KiB "), std::string::npos);
}

TEST(LongLine, LeavesOutWhatHasNoRoomOnANarrowTerminal) {
  const Node node = file("a", 3);
  const std::string whole = long_line(node, "/a", "", false);
  EXPECT_EQ(long_line(node, "/a", "", false, 80), whole);
  const std::string without_owner = long_line(node, "/a", "", false, 70);
  EXPECT_TRUE(without_owner.starts_with("-rw-r--r--      3 19")) << without_owner;
  EXPECT_TRUE(long_line(node, "/a", "", false, 60).starts_with("     3 19"));
  EXPECT_TRUE(long_line(node, "/a", "", false, 50).starts_with("19"));
  EXPECT_EQ(long_line(node, "/a", "", false, 40), "/a");
}

TEST(NodeLine, HasResticsFields) {
  const std::string line = node_line(file("a", 0), "/a");
  EXPECT_TRUE(line.starts_with(R"({"name":"a","type":"file","path":"/a","uid":0,"gid":0,"size":0,)"
                               R"("mode":420,"permissions":"-rw-r--r--","mtime":")"))
      << line;
  EXPECT_TRUE(line.ends_with(R"("message_type":"node","struct_type":"node"})")) << line;
  EXPECT_EQ(node_line(folder("d"), "/d").find("\"size\""), std::string::npos);
}

TEST(NcduWriter, NestsFolders) {
  NcduWriter writer;
  std::string out;
  out += writer.node(folder("d"), "/d");
  out += writer.node(folder("e"), "/d/e");
  out += writer.node(file("f", 1), "/d/e/f");
  out += writer.node(file("g", 513), "/g");
  out += writer.end();
  std::string names;  // brackets and names only
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (out[i] == '[' || out[i] == ']') names += out[i];
    if (out.compare(i, 8, "\"name\":\"") == 0) names += out[i + 8];
  }
  EXPECT_EQ(names, "[d[ef]]g]]");
  EXPECT_NE(out.find(R"("asize":513,"dsize":1024)"), std::string::npos);
}

}  // namespace
}  // namespace medsave::cli
