#include "medsave/query/finder.hpp"

#include "query_test.hpp"
#include "support/matchers.hpp"

#include <gmock/gmock.h>

namespace medsave {
namespace {

using test::RepoBuilder;
using testing::ElementsAre;
using testing::IsEmpty;

class FinderTest : public test::QueryTest {
 protected:
  static NameQuery pattern(const std::string& text) {
    NameQuery query;
    query.patterns.add(text, false);
    return query;
  }
  std::vector<std::string> paths(NameFinder& finder, const Id& root) {
    std::vector<std::string> found;
    finder.search(
        root, [&](const NameHit& hit) { found.push_back(hit.path); },
        [&](const std::string& path, const Id&, const std::string&) { problems.push_back(path); });
    return found;
  }
  std::vector<std::string> find(const NameQuery& query, const Id& root) {
    NameFinder finder(reader(), query, {});
    return paths(finder, root);
  }

  std::vector<std::string> problems;
};

TEST_F(FinderTest, FindsNamesInStoredOrderAndAllBelowThem) {
  const Id root =
      builder.tree({builder.dir("a", {builder.file("x", {}), builder.file("y", {})}),
                    builder.file("a.b", {}), builder.dir("c", {builder.file("a", {})})});
  EXPECT_THAT(find(pattern("a"), root), ElementsAre("/a", "/a/x", "/a/y", "/c/a"));
  EXPECT_THAT(find(pattern("a*"), root), ElementsAre("/a", "/a/x", "/a/y", "/a.b", "/c/a"));
  EXPECT_THAT(find(pattern("/c/a"), root), ElementsAre("/c/a"));
  EXPECT_THAT(find(pattern("none"), root), IsEmpty());
}

TEST_F(FinderTest, BoundsOfTheModificationTimeAreInclusive) {
  Tree nodes;
  for (int i = 0; i < 4; ++i) {
    nodes.push_back(builder.file(std::to_string(i), {}));
    nodes.back().mtime = {.seconds = 100 + i, .nanoseconds = 0};
  }
  NameQuery query = pattern("*");
  query.oldest = Timestamp{.seconds = 101, .nanoseconds = 0};
  query.newest = Timestamp{.seconds = 102, .nanoseconds = 0};
  EXPECT_THAT(find(query, builder.tree(nodes)), ElementsAre("/1", "/2"));
}

TEST_F(FinderTest, ASharedFolderGivesItsHitsToEverySnapshot) {
  const Node shared = builder.dir("d", {builder.dir("e", {builder.file("hit", {})})});
  const Id first = builder.tree({shared, builder.file("hit", {})});
  const Id second = builder.tree({builder.file("also-hit", {}), shared});
  const NameQuery query = pattern("*hit");
  NameFinder finder(reader(), query, {});
  EXPECT_THAT(paths(finder, first), ElementsAre("/d/e/hit", "/hit"));
  EXPECT_THAT(paths(finder, second), ElementsAre("/also-hit", "/d/e/hit"));
}

TEST_F(FinderTest, MorePlacesThanFitIntoMemoryAreAnError) {
  const Id root = builder.lattice(40, {builder.file("f", {"x"})});
  const BlobReader& from = reader();
  for (const char* name : {"f", "nothing"}) {
    const NameQuery query = pattern(name);
    NameFinder finder(from, query, {}, 1'000'000);
    EXPECT_THAT([&] { paths(finder, root); }, test::throws_errc(Errc::unsupported));
    EXPECT_THAT(problems, IsEmpty());
  }
  ObjectQuery objects;
  objects.trees.add("ffffffffffff");
  ObjectFinder finder(from, objects, {}, 1'000'000);
  EXPECT_THAT([&] { finder.search(root, {}, {}); }, test::throws_errc(Errc::unsupported));
}

TEST_F(FinderTest, TheSameFolderAtAnotherPlaceIsJudgedByItsPathThere) {
  const Node inner = builder.dir("x", {builder.file("f", {})});
  Node other = inner;
  other.name = "y";
  const Id root = builder.tree({inner, other});
  EXPECT_THAT(find(pattern("/y/f"), root), ElementsAre("/y/f"));
  EXPECT_THAT(find(pattern("x"), root), ElementsAre("/x", "/x/f"));
}

TEST_F(FinderTest, AnUnreadableFolderIsReportedAndTheRestSearched) {
  const Id missing = *Id::parse(std::string(64, '7'));
  const Id root = builder.tree({RepoBuilder::dir("bad", missing), builder.file("f", {})});
  EXPECT_THAT(find(pattern("f"), root), ElementsAre("/f"));
  EXPECT_THAT(problems, ElementsAre("/bad"));
}

TEST_F(FinderTest, FindsUsesOfBlobs) {
  const Id blob = builder.data("content");
  const Node folder = builder.dir("d", {builder.file("f", {"content"})});
  const Id root = builder.tree({folder, builder.file("g", {"other", "content"})});
  const auto search = [&](const ObjectQuery& query, std::size_t most = 100) {
    std::vector<std::string> found;
    ObjectFinder finder(reader(), query, {});
    finder.search(
        root,
        [&](const ObjectHit& hit) {
          found.push_back(hit.path + " " + hit.parent_tree.short_hex());
          return found.size() < most;
        },
        [&](const std::string& path, const Id&, const std::string&) { problems.push_back(path); });
    return found;
  };
  ObjectQuery data;
  data.data.add(blob.short_hex());
  data.data.add("no digits");
  EXPECT_THAT(search(data),
              ElementsAre("/d/f " + folder.subtree->short_hex(), "/g " + root.short_hex()));
  EXPECT_EQ(search(data, 1).size(), 1U);
  ObjectQuery trees;
  trees.trees.add(root);
  trees.trees.add(folder.subtree->hex());
  EXPECT_THAT(search(trees), ElementsAre("/ 00000000", "/d 00000000"));
  EXPECT_THAT(search({}), IsEmpty());
}

}  // namespace
}  // namespace medsave
