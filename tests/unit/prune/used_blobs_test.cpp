#include "medsave/prune/used_blobs.hpp"

#include "support/matchers.hpp"
#include "support/repo_builder.hpp"

#include "medsave/repo/index_load.hpp"

#include <gtest/gtest.h>

namespace medsave {
namespace {

using test::RepoBuilder;

BlobMarks find_used(const RepoBuilder& repo, const Index& index, const std::vector<Id>& roots) {
  Progress progress;
  return find_used_blobs(repo.repository(), index, roots, progress, {});
}

bool uses(const BlobMarks& used, BlobKind kind, const Id& id) {
  return used.contains(used.index().blob_number({.kind = kind, .id = id}).value());
}

TEST(UsedBlobs, AreAllThatTheTreesLeadTo) {
  MemBackend store;
  RepoBuilder repo(store);
  const Node file = repo.file("file", {"one", "two"});
  const Id subtree = repo.tree({repo.file("inner", {"three"})});
  const Id root = repo.tree({file, RepoBuilder::dir("sub", subtree)});
  const Id other = repo.tree({repo.file("file", {"four"})});
  repo.start_packs();
  const auto index = load_index(repo.repository(), {});

  const BlobMarks used = find_used(repo, *index, {root, root});
  EXPECT_EQ(used.count(), 5U);
  EXPECT_TRUE(uses(used, BlobKind::tree, subtree));
  EXPECT_TRUE(uses(used, BlobKind::data, file.content[1]));
  EXPECT_FALSE(uses(used, BlobKind::tree, other));
  EXPECT_EQ(find_used(repo, *index, {root, other}).count(), 7U);
  EXPECT_EQ(find_used(repo, *index, {}).count(), 0U);
}

TEST(UsedBlobs, CannotBeFoundWhenABlobIsMissing) {
  MemBackend store;
  RepoBuilder repo(store);
  Node file = repo.file("file", {"one"});
  file.content.push_back(Id::from_bytes(as_bytes(std::string(32, 'x'))));
  const Id root = repo.tree({file});
  repo.start_packs();
  const auto index = load_index(repo.repository(), {});
  EXPECT_THAT([&] { find_used(repo, *index, {root}); }, test::throws_errc(Errc::not_found));
}

TEST(UsedBlobs, CannotBeFoundInAnInvalidTree) {
  for (const bool broken_json : {true, false}) {
    MemBackend store;
    RepoBuilder repo(store);
    Node folder = RepoBuilder::dir("folder", Id{});
    folder.subtree.reset();
    const Id root = broken_json ? repo.raw_tree("{\"nodes\":[{]}") : repo.tree({folder});
    repo.start_packs();
    const auto index = load_index(repo.repository(), {});
    EXPECT_THAT([&] { find_used(repo, *index, {root}); },
                test::throws_errc(broken_json ? Errc::unsupported : Errc::corrupt));
  }
}

TEST(UsedBlobs, AreMarkedOnce) {
  MemBackend store;
  RepoBuilder repo(store);
  repo.data("one");
  repo.data("two");
  repo.start_packs();
  const auto index = load_index(repo.repository(), {});
  BlobMarks used(*index);
  EXPECT_FALSE(used.contains(1));
  EXPECT_TRUE(used.mark(1));
  EXPECT_FALSE(used.mark(1));
  EXPECT_TRUE(used.contains(1));
  EXPECT_FALSE(used.contains(0));
  EXPECT_FALSE(used.contains(1000));
  EXPECT_EQ(used.count(), 1U);
}

}  // namespace
}  // namespace medsave
