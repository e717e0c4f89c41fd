#include "medsave/snap/tree_walker.hpp"

#include "support/matchers.hpp"
#include "support/repo_builder.hpp"

#include "medsave/par/task_scope.hpp"
#include "medsave/repo/index_load.hpp"

#include <gtest/gtest.h>

namespace medsave {
namespace {

using test::throws_errc;

struct Seen {
  std::vector<std::string> paths = {};
  std::vector<std::string> problems = {};
};

Seen walk(const test::RepoBuilder& builder, const Id& root, const std::string& skipped = {}) {
  const auto index = load_index(builder.repository(), {});
  const BlobReader reader(builder.repository(), *index);
  Seen seen;
  walk_tree(
      reader, root, "/",
      [&](const WalkedNode& walked) {
        seen.paths.push_back(walked.path);
        return walked.path != skipped;
      },
      [&](const std::string& path, const std::string&) { seen.problems.push_back(path); }, {});
  return seen;
}

TEST(TreeWalker, VisitsParentsBeforeChildrenInStoredOrder) {
  MemBackend store;
  test::RepoBuilder builder(store);
  const Id root = builder.tree({builder.file("z", {}), builder.dir("b", {builder.file("x", {"1"})}),
                                builder.dir("a", Tree{})});
  builder.snapshot(root);
  EXPECT_EQ(walk(builder, root).paths, (std::vector<std::string>{"/a", "/b", "/b/x", "/z"}));
  EXPECT_EQ(walk(builder, root, "/b").paths, (std::vector<std::string>{"/a", "/b", "/z"}));
}

TEST(TreeWalker, ReportsUnreadableFoldersAndGoesOn) {
  MemBackend store;
  test::RepoBuilder builder(store);
  Node without = builder.dir("b", Id{});
  without.subtree.reset();
  const Id root =
      builder.tree({builder.dir("a", *Id::parse(std::string(64, '7'))), without,
                    builder.dir("c", builder.raw_tree("no json")), builder.file("d", {})});
  builder.snapshot(root);
  const Seen seen = walk(builder, root);
  EXPECT_EQ(seen.paths.size(), 4U);
  EXPECT_EQ(seen.problems, (std::vector<std::string>{"/a", "/b", "/c"}));
}

TEST(TreeWalker, WithoutASinkItThrows) {
  MemBackend store;
  test::RepoBuilder builder(store);
  const Id root = builder.raw_tree("{");
  builder.snapshot(root);
  const auto index = load_index(builder.repository(), {});
  const BlobReader reader(builder.repository(), *index);
  EXPECT_THAT([&] { walk_tree(reader, root, "", [](auto&) { return true; }, {}, {}); },
              throws_errc(Errc::unsupported));
  EXPECT_THAT([&] { load_tree(reader, root); }, throws_errc(Errc::unsupported));
}

TEST(TreeWalker, AbsurdDepthIsAProblemNotACrash) {
  MemBackend store;
  test::RepoBuilder builder(store);
  Id tree = builder.tree({});
  for (unsigned i = 0; i < kMaxTreeDepth + 10; ++i) tree = builder.tree({builder.dir("d", tree)});
  builder.snapshot(tree);
  EXPECT_EQ(walk(builder, tree).problems.size(), 1U);
}

TEST(TreeWalker, StopsWhenAsked) {
  MemBackend store;
  test::RepoBuilder builder(store);
  const Id root = builder.tree({builder.file("a", {})});
  builder.snapshot(root);
  const auto index = load_index(builder.repository(), {});
  const BlobReader reader(builder.repository(), *index);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_THROW(walk_tree(
                   reader, root, "", [](auto&) { return true; }, {}, stop.get_token()),
               Interrupted);
}

}  // namespace
}  // namespace medsave
