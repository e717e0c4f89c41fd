#include "medsave/snap/tree_prefetcher.hpp"

#include "support/matchers.hpp"
#include "support/repo_builder.hpp"

#include "medsave/repo/index_load.hpp"
#include "medsave/snap/tree_walker.hpp"

#include <gtest/gtest.h>

#include <optional>

namespace medsave {
namespace {

using test::throws_errc;

class TreePrefetcherTest : public testing::Test {
 protected:
  TreePrefetcher& ahead(const std::stop_token& stop = {}) {
    builder.start_packs();
    index = load_index(builder.repository(), {});
    reader.emplace(builder.repository(), *index);
    return trees.emplace(*reader, stop);
  }

  MemBackend store;
  test::RepoBuilder builder{store};
  std::unique_ptr<Index> index;
  std::optional<BlobReader> reader;
  std::optional<TreePrefetcher> trees;
};

TEST_F(TreePrefetcherTest, GivesTreesWhetherAnnouncedOrNot) {
  std::vector<Id> ids;
  for (int i = 0; i < 200; ++i)
    ids.push_back(builder.tree({builder.dir(std::to_string(i), Tree{})}));
  TreePrefetcher& all = ahead();
  all.prefetch({ids.begin(), ids.begin() + 100});
  for (int i = 0; i < 200; ++i) {
    const auto tree = all.get(ids[static_cast<std::size_t>(i)]);
    ASSERT_EQ(tree->size(), 1U);
    EXPECT_EQ(tree->front().name, std::to_string(i));
  }
}

TEST_F(TreePrefetcherTest, OneAnnouncedTwiceCanBeTakenTwice) {
  const Id tree = builder.tree({builder.dir("a", Tree{})});
  TreePrefetcher& all = ahead();
  all.prefetch({tree, tree});
  all.prefetch({tree});
  for (int i = 0; i < 4; ++i) EXPECT_EQ(all.get(tree)->front().name, "a");
}

TEST_F(TreePrefetcherTest, AProblemComesOutWhereTheTreeIsTaken) {
  const Id sound = builder.tree({builder.dir("a", Tree{})});
  const Id broken = builder.raw_tree("no json");
  const Id missing = *Id::parse(std::string(64, '7'));
  TreePrefetcher& all = ahead();
  all.prefetch({broken, missing, sound});
  EXPECT_THAT([&] { all.get(broken); }, throws_errc(Errc::unsupported));
  EXPECT_THAT([&] { all.get(missing); }, throws_errc(Errc::not_found));
  EXPECT_EQ(all.get(sound)->size(), 1U);
}

TEST_F(TreePrefetcherTest, AWalkThatTakesManyMoreNodesThanAreKeptEnds) {
  Tree many;
  for (int i = 0; i < 9000; ++i) {
    many.push_back(test::RepoBuilder::symlink(std::to_string(i), "x"));
  }
  std::vector<Id> ids;
  for (int i = 0; i < 12; ++i) {
    many.front().link_target = std::to_string(i);
    ids.push_back(builder.tree(many));
  }
  TreePrefetcher& all = ahead();
  all.prefetch(ids);
  for (const Id& id : ids) EXPECT_EQ(all.get(id)->size(), 9000U);
}

TEST_F(TreePrefetcherTest, StopsWhenAsked) {
  const Id tree = builder.tree({});
  std::stop_source stop;
  TreePrefetcher& all = ahead(stop.get_token());
  all.prefetch({tree});
  stop.request_stop();
  EXPECT_THROW(all.get(builder.tree({builder.dir("a", tree)})), Interrupted);
}

}  // namespace
}  // namespace medsave
