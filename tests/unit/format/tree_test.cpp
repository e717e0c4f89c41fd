#include "medsave/format/tree.hpp"

#include "fixtures.hpp"
#include "mutations.hpp"
#include "random_node.hpp"
#include "support/matchers.hpp"

#include "medsave/format/tree_decode.hpp"
#include "medsave/format/tree_encode.hpp"

#include <gtest/gtest.h>

#include <sys/stat.h>

#include <algorithm>
#include <map>

namespace medsave::test {
namespace {

std::string wrapped(const std::string& node) { return R"({"nodes":[)" + node + "]}\n"; }

Node decode_one(const std::string& node) { return decode_tree(wrapped(node)).at(0); }

Timestamp from_nanoseconds(const nlohmann::ordered_json& recorded) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  if (recorded.is_number_unsigned()) {  // the year 2446 needs the 64th bit
    const std::uint64_t nanoseconds = recorded;
    return {static_cast<std::int64_t>(nanoseconds / kSecond),
            static_cast<std::uint32_t>(nanoseconds % kSecond)};
  }
  const std::int64_t nanoseconds = recorded;
  const std::int64_t rest = (nanoseconds % kSecond + kSecond) % kSecond;
  return {(nanoseconds - rest) / kSecond, static_cast<std::uint32_t>(rest)};
}

NodeType type_of(std::uint32_t st_mode) {
  switch (st_mode & S_IFMT) {
    case S_IFDIR:
      return NodeType::dir;
    case S_IFLNK:
      return NodeType::symlink;
    case S_IFBLK:
      return NodeType::device;
    case S_IFCHR:
      return NodeType::char_device;
    case S_IFIFO:
      return NodeType::fifo;
    case S_IFSOCK:
      return NodeType::socket;
    default:
      return NodeType::file;
  }
}

/// What a backup makes of recorded lstat data; content and subtree are still missing.
Node node_from_lstat(const nlohmann::ordered_json& entry, bool with_atime) {
  const std::uint32_t st_mode = entry["st_mode"];
  Node node;
  node.name = from_base64_text(entry["name_b64"]);
  node.type = type_of(st_mode);
  node.mode = go_mode::from_unix(st_mode);
  node.mtime = from_nanoseconds(entry["mtime_ns"]);
  node.atime = with_atime ? from_nanoseconds(entry["atime_ns"]) : node.mtime;
  node.ctime = from_nanoseconds(entry["ctime_ns"]);
  node.uid = entry["st_uid"];
  node.gid = entry["st_gid"];
  node.user = entry.value("user", "");
  node.group = entry.value("group", "");
  node.inode = entry["st_ino"];
  node.device_id = entry["st_dev"];
  if (node.type == NodeType::file) node.size = entry["st_size"];
  if (node.type != NodeType::dir && node.type != NodeType::fifo) node.links = entry["st_nlink"];
  if (node.type == NodeType::device || node.type == NodeType::char_device) {
    node.device = entry["st_rdev"];
  }
  if (entry.contains("linktarget_b64")) {
    node.link_target = from_base64_text(entry["linktarget_b64"]);
  }
  if (entry.contains("xattrs")) {
    for (const auto& attribute : entry["xattrs"]) {
      node.extended_attributes.push_back(
          {from_base64_text(attribute["name_b64"]), from_base64_text(attribute["value_b64"])});
    }
  }
  return node;
}

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == 0 ? "/" : path.substr(0, slash);
}

using NodesByFolder = std::map<std::string, Tree>;

NodesByFolder nodes_by_folder(const nlohmann::ordered_json& snapshot) {
  NodesByFolder folders;
  for (const auto& entry : snapshot["entries"]) {
    Node node = node_from_lstat(entry, snapshot["with_atime"]);
    const std::string path = from_base64_text(entry["path_b64"]);
    if (node.type == NodeType::dir) folders[path];
    if (node.type != NodeType::socket) folders[parent_of(path)].push_back(std::move(node));
  }
  for (auto& folder : folders) {
    std::ranges::sort(folder.second, {}, &Node::name);
  }
  return folders;
}

TEST(Tree, RecordedTreesAreRebuiltByteForByte) {
  const auto lstat = load_json("repo-v2.lstat.json");
  const auto trees = load_json("repo-v2.trees.json");
  std::size_t rebuilt = 0;
  for (const auto& named : lstat["snapshots"].items()) {
    const auto& snapshot = named.value();
    const NodesByFolder folders = nodes_by_folder(snapshot);
    in_zone(snapshot["tz"], [&] {
      for (const auto& tree : trees) {
        if (tree["snapshot"] != named.key()) continue;
        const std::string expected = from_base64_text(tree["plaintext_b64"]);
        Tree nodes = folders.at(from_base64_text(tree["path_b64"]));
        const Tree decoded = decode_tree(expected);
        ASSERT_EQ(nodes.size(), decoded.size()) << tree["path"];
        for (std::size_t i = 0; i < nodes.size(); ++i) {
          nodes[i].content = decoded[i].content;
          nodes[i].content_is_null = nodes[i].type != NodeType::file;
          nodes[i].subtree = decoded[i].subtree;
        }
        EXPECT_EQ(encode_tree(nodes), expected) << named.key() << " " << tree["path"];
        ++rebuilt;
      }
    });
  }
  EXPECT_EQ(rebuilt, trees.size());
}

TEST(Tree, RecordedTreesDecodeToTheirLstatData) {
  const auto lstat = load_json("repo-v2.lstat.json");
  const auto& s1 = lstat["snapshots"]["s1"];
  const NodesByFolder folders = nodes_by_folder(s1);
  const auto trees = load_json("repo-v2.trees.json");
  for (const auto& tree : trees) {
    if (tree["snapshot"] != "s1") continue;
    const Tree decoded = decode_tree(from_base64_text(tree["plaintext_b64"]));
    const Tree& expected = folders.at(from_base64_text(tree["path_b64"]));
    ASSERT_EQ(decoded.size(), expected.size());
    for (std::size_t i = 0; i < decoded.size(); ++i) {
      Node node = expected[i];
      node.content = decoded[i].content;
      node.content_is_null = node.type != NodeType::file;
      node.subtree = decoded[i].subtree;
      // Names of attributes that are not UTF-8 are stored with replacement characters.
      for (std::size_t k = 0; k < node.extended_attributes.size(); ++k) {
        node.extended_attributes[k].name = decoded[i].extended_attributes.at(k).name;
      }
      EXPECT_EQ(decoded[i], node) << tree["path"] << " " << node.name;
      EXPECT_EQ(node.subtree.has_value(), node.type == NodeType::dir);
    }
  }
}

TEST(Tree, AnEmptyDirectoryHasItsKnownText) {
  EXPECT_EQ(encode_tree({}), "{\"nodes\":[]}\n");
  EXPECT_TRUE(decode_tree("{\"nodes\":[]}\n").empty());
}

TEST(Tree, RandomNodesRoundTrip) {
  Generator random(5);
  in_zone("UTC", [&random] {
    for (int i = 0; i < 500; ++i) {
      Tree tree;
      for (std::uint64_t n = pick(random, 5); n > 0; --n) tree.push_back(random_node(random));
      const std::string text = encode_tree(tree);
      const Tree again = decode_tree(text);
      EXPECT_EQ(again, tree) << text;
      EXPECT_EQ(encode_tree(again), text);
    }
  });
}

TEST(Tree, UnknownMembersAreSkippedOrKept) {
  const Tree tree = decode_tree(
      R"( { "x" : [ 1 , {"y":null} ] , "nodes" : [ { "new" : {"a": [1.5]} , "content" : null ,
          "type" : "dir" , "name" : "n", "z":"\u00e9" } ] , "after" : false } )");
  ASSERT_EQ(tree.size(), 1U);
  EXPECT_EQ(tree[0].name, "n");
  EXPECT_EQ(tree[0].unknown_fields, R"(,"new":{"a": [1.5]},"z":"\u00e9")");
  std::string text;
  append_node(text, tree[0]);
  EXPECT_TRUE(text.ends_with(R"("content":null,"new":{"a": [1.5]},"z":"\u00e9"})")) << text;
}

TEST(Tree, KeepsContentNullApartFromEmpty) {
  EXPECT_TRUE(decode_one(R"({"name":"a","type":"file","content":null})").content_is_null);
  EXPECT_FALSE(decode_one(R"({"name":"a","type":"file","content":[]})").content_is_null);
  Node node;
  node.content_is_null = false;
  EXPECT_NE(encode_tree({node}).find(R"("content":[])"), std::string::npos);
}

TEST(Tree, TheRawLinkTargetWins) {
  const std::string raw = R"("linktarget_raw":"Y2Fm6Q==")";
  const std::string shown = R"("linktarget":"caf\ufffd")";
  const std::string head = R"({"name":"a","type":"symlink",)";
  EXPECT_EQ(decode_one(head + shown + "," + raw + "}").link_target, "caf\xe9");
  EXPECT_EQ(decode_one(head + raw + "," + shown + "}").link_target, "caf\xe9");
}

TEST(Tree, KeepsAll64BitsOfNumbers) {
  const Node node = decode_one(
      R"({"name":"a","type":"file","inode":18446744073709551615,"device_id":9007199254740993})");
  EXPECT_EQ(node.inode, UINT64_MAX);
  EXPECT_EQ(node.device_id, 9007199254740993U);
}

TEST(Tree, AnUnknownTypeIsThatOfOneNodeOnly) {
  for (const char* odd : {R"({"name":"a","type":"door"})", R"({"name":"a","type":""})",
                          R"({"name":"a","type":null})", R"({"name":"a"})"}) {
    const Tree tree = decode_tree(wrapped(odd + std::string(R"(,{"name":"b","type":"file"})")));
    ASSERT_EQ(tree.size(), 2U);
    EXPECT_EQ(tree[0].type, NodeType::irregular) << odd;
    EXPECT_EQ(tree[1].type, NodeType::file);
  }
}

TEST(Tree, TakesWhatResticsDecoderTakes) {
  const Node node = decode_one(
      R"({"Name":"a","TYPE":"file","Mode":7,"mtime":null,"atime":"2024-07-15T1:00:00,5Z",)"
      R"("uid":null,"gid":null,"user":null,"group":null,"size":null,"links":null,"inode":null,)"
      R"("linktarget":null,"linktarget_raw":null,"device":null,"error":null,)"
      R"("extended_attributes":[{"Name":"x","VALUE":"YQ=="},{"name":null}],"Content":[")" +
      std::string(64, 'A') + R"("],"new":null})");
  EXPECT_EQ(node.name, "a");
  EXPECT_EQ(node.type, NodeType::file);
  EXPECT_EQ(node.mode, 7U);
  EXPECT_EQ(node.mtime, Timestamp{});
  EXPECT_EQ(node.atime, (Timestamp{1721005200, 500'000'000}));
  EXPECT_EQ(node.size, 0U);
  ASSERT_EQ(node.extended_attributes.size(), 2U);
  EXPECT_EQ(node.extended_attributes[0].value, "a");
  EXPECT_EQ(node.content, (std::vector<Id>{*Id::parse(std::string(64, 'a'))}));
  EXPECT_EQ(node.unknown_fields, R"(,"new":null)");
  EXPECT_EQ(decode_one(R"({"type":"file"})").name, "");
  EXPECT_EQ(decode_tree(R"({"Nodes":[{"name":"a","type":"file"}]})").size(), 1U);
}

TEST(Tree, RejectsWhatIsNoTree) {
  const std::string deep = std::string(70, '[') + std::string(70, ']');
  const std::string head = R"({"name":"a","type":"file")";
  for (const std::string& bad : {
           std::string(),
           std::string("[]"),
           std::string("{}"),
           std::string(R"({"nodes":{}})"),
           std::string(R"({"nodes":[]} x)"),
           std::string(R"({"nodes":[],})"),
           wrapped("null"),
           wrapped(R"({"name":"a","type":{}})"),
           wrapped(R"({"name":7,"type":"file"})"),
           wrapped(R"({"name":"\\q","type":"file"})"),
           wrapped(R"({"name":"a\"b","type":"file"})"),
           wrapped(head + R"(,"mode":4294967296})"),
           wrapped(head + R"(,"uid":-1})"),
           wrapped(head + R"(,"size":1.0})"),
           wrapped(head + R"(,"size":1e3})"),
           wrapped(head + R"(,"size":01})"),
           wrapped(head + R"(,"inode":18446744073709551616})"),
           wrapped(head + R"(,"mtime":"yesterday"})"),
           wrapped(head + R"(,"content":["12"]})"),
           wrapped(head + R"(,"content":[)" + '"' + std::string(64, 'G') + R"("]})"),
           wrapped(head + R"(,"content":[null]})"),
           wrapped(head + R"(,"subtree":"x"})"),
           wrapped(head + R"(,"linktarget_raw":"a"})"),
           wrapped(head + R"(,"generic_attributes":[]})"),
           wrapped(head + R"(,"extended_attributes":[{"value":7}]})"),
           wrapped(head + R"(,"user":"a\x"})"),
           wrapped(head + ",\"user\":\"\xff\"}"),
           wrapped(head + ",\"user\":\"a\nb\"}"),
           wrapped(head + R"(,"new":)" + deep + "}"),
           wrapped(head + R"(,"new":nul})"),
           wrapped(head + R"(,"new":-})"),
           wrapped(head + R"(,"new":[1,]})"),
           wrapped(head + R"(,"new":{"a"}})"),
       }) {
    EXPECT_THAT([&] { decode_tree(bad); }, throws_errc(Errc::unsupported)) << bad;
  }
}

TEST(Tree, AcceptsNestingUpToTheLimit) {
  const auto nested = [](std::size_t depth) {
    return R"({"name":"a","type":"file","new":)" + std::string(depth, '[') +
           std::string(depth, ']') + "}";
  };
  EXPECT_NO_THROW(decode_one(nested(64)));
  EXPECT_THAT([&] { decode_one(nested(66)); }, throws_errc(Errc::unsupported));
  EXPECT_THAT([&] { decode_one(nested(5'000'000)); }, throws_errc(Errc::unsupported));
}

TEST(Tree, RejectsEveryTruncation) {
  Generator random(6);
  std::string good = encode_tree({random_node(random), random_node(random)});
  good.pop_back();  // without the newline it is still a tree
  expect_truncations_rejected(
      good, [](std::string_view text) { decode_tree(text); }, Errc::unsupported);
}

TEST(Tree, SurvivesMutations) {
  Generator random(8);
  const std::string good = encode_tree({random_node(random), random_node(random)});
  expect_mutations_survived(good, 20000, [](std::string_view text) {
    // Whatever is accepted can be written again.
    decode_tree(encode_tree(decode_tree(text)));
  });
}

TEST(IsSafeName, RefusesNamesThatLeaveTheirFolder) {
  for (const std::string_view bad :
       {std::string_view(""), std::string_view("."), std::string_view(".."),
        std::string_view("a/b"), std::string_view("/"), std::string_view("a\0b", 3)}) {
    EXPECT_FALSE(is_safe_name(bad)) << bad;
  }
  for (const char* good : {"a", "...", ".a", "a\\b", "\xff", "a\nb", "~"}) {
    EXPECT_TRUE(is_safe_name(good)) << good;
  }
}

}  // namespace
}  // namespace medsave::test
