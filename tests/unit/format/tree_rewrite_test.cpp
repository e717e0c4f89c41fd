#include "medsave/format/tree_rewrite.hpp"

#include "support/matchers.hpp"

#include "medsave/format/tree.hpp"
#include "medsave/format/tree_encode.hpp"

#include <gtest/gtest.h>

namespace medsave {
namespace {

using test::throws_errc;

// What no encoder of ours would write: a zone, an unknown field, an unusual order and escapes.
constexpr std::string_view kFile =
    R"({"name":"a\u0041","type":"file","mtime":"2024-07-15T14:00:00.1+05:30",)"
    R"("atime":"2024-07-15T14:00:00.1+05:30","ctime":"2024-07-15T14:00:00.1Z","uid":0,"gid":0,)"
    R"("size":5,"links":1,"content":null,"novel":{"x":[1,"}"]}})";
constexpr std::string_view kDir =
    R"({"name":"d","type":"dir","mtime":"2024-07-15T14:00:00-00:44","atime":"2024-07-15T14:00:00Z",)"
    R"("ctime":"2024-07-15T14:00:00Z","uid":0,"gid":0,"content":null,)"
    R"("subtree":"ac08ce34ba4f8123618661bef2425f7028ffb9ac740578a3ee88684d2523fee8"})";

std::string tree_of(const std::vector<std::string_view>& nodes) {
  TreeText text;
  for (const std::string_view node : nodes) text.add(node);
  return text.finish();
}

Id id_of(char digit) { return *Id::parse(std::string(64, digit)); }

TEST(TreeRewrite, TextsAreThoseOfTheNodesByteForByte) {
  const std::string json = tree_of({kFile, kDir});
  const auto nodes = decode_tree_with_texts(json);
  ASSERT_EQ(nodes.size(), 2U);
  EXPECT_EQ(nodes[0].text, kFile);
  EXPECT_EQ(nodes[0].node.name, "aA");
  EXPECT_EQ(nodes[1].text, kDir);
  EXPECT_EQ(tree_of({nodes[0].text, nodes[1].text}), json);
}

TEST(TreeRewrite, SpacesAndOtherKeysAroundTheNodesDoNotMatter) {
  const std::string json = "{\"before\": [1], \"nodes\" : [ " + std::string(kFile) + " ,\n" +
                           std::string(kDir) + " ] , \"behind\":{} }\n";
  const auto nodes = decode_tree_with_texts(json);
  ASSERT_EQ(nodes.size(), 2U);
  EXPECT_EQ(nodes[1].text, kDir);
  EXPECT_TRUE(decode_tree_with_texts(R"({"nodes":null})").empty());
  EXPECT_EQ(tree_of({}), encode_tree({}));
}

TEST(TreeRewrite, OnlyTheEditedFieldsChange) {
  const std::string edited = edit_node_text(kDir, {.subtree = id_of('b')});
  std::string expected(kDir);
  expected.replace(expected.find("ac08"), 64, std::string(64, 'b'));
  EXPECT_EQ(edited, expected);
  EXPECT_EQ(edit_node_text(kFile, {}), kFile);
}

TEST(TreeRewrite, SizeAndContentOfAFile) {
  const std::string edited =
      edit_node_text(kFile, {.content = std::vector<Id>{id_of('1'), id_of('2')}, .size = 7});
  const auto nodes = decode_tree_with_texts(tree_of({edited}));
  EXPECT_EQ(nodes[0].node.size, 7U);
  EXPECT_EQ(nodes[0].node.content, (std::vector<Id>{id_of('1'), id_of('2')}));
  EXPECT_NE(edited.find("+05:30"), std::string::npos);
  EXPECT_NE(edited.find(R"("novel":{"x":[1,"}"]})"), std::string::npos);
}

TEST(TreeRewrite, AZeroSizeIsLeftOutAndAMissingOneEnteredInItsPlace) {
  const std::string empty = edit_node_text(kFile, {.content = std::vector<Id>{}, .size = 0});
  EXPECT_EQ(empty.find("size"), std::string::npos);
  EXPECT_NE(empty.find(R"("content":[])"), std::string::npos);
  const std::string again = edit_node_text(empty, {.size = 9});
  EXPECT_NE(again.find(R"("gid":0,"size":9,"links":1)"), std::string::npos) << again;
}

TEST(TreeRewrite, AMissingSubtreeIsEntered) {
  const std::string edited =
      edit_node_text(R"({"name":"d","type":"dir"})", {.subtree = id_of('c')});
  EXPECT_EQ(edited, R"({"name":"d","type":"dir","subtree":")" + std::string(64, 'c') + R"("})");
}

TEST(TreeRewrite, KeysInCapitalsAreTheSameFields) {
  const std::string edited =
      edit_node_text(R"({"Name":"f","type":"file","SIZE":3,"Content":[],"Error":"e"})",
                     {.content = std::vector<Id>{id_of('1')}, .size = 7});
  EXPECT_EQ(edited, R"({"Name":"f","type":"file","size":7,"content":[")" + std::string(64, '1') +
                        R"("],"Error":"e"})");
  EXPECT_EQ(decode_tree_with_texts(R"({"Nodes":[{"name":"a"}]})").size(), 1U);
}

TEST(TreeRewrite, RefusesWhatIsNoTree) {
  EXPECT_THAT([] { decode_tree_with_texts("{}"); }, throws_errc(Errc::unsupported));
  EXPECT_THAT([] { decode_tree_with_texts(R"({"nodes":[{]})"); }, throws_errc(Errc::unsupported));
  EXPECT_THAT([] { edit_node_text("[]", {}); }, throws_errc(Errc::corrupt));
}

}  // namespace
}  // namespace medsave
