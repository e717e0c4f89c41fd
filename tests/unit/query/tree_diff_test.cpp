#include "medsave/query/tree_diff.hpp"

#include "query_test.hpp"
#include "support/matchers.hpp"

#include <gmock/gmock.h>

namespace medsave {
namespace {

using test::RepoBuilder;
using test::throws_errc;
using testing::ElementsAre;
using testing::IsEmpty;

class TreeDiffTest : public test::QueryTest {
 protected:
  std::vector<std::string> diff(const Id& before, const Id& after, bool metadata = false) {
    std::vector<std::string> lines;
    problems.clear();
    statistics = diff_trees(
        reader(), {.before = before, .after = after, .metadata = metadata},
        [&](const std::string& path, const std::string& modifier) {
          lines.push_back(modifier + " " + path);
        },
        [&](const std::string& message) { problems.push_back(message); }, {});
    return lines;
  }

  DiffStatistics statistics;
  std::vector<std::string> problems;
};

TEST_F(TreeDiffTest, ListsWhatIsNewGoneAndChangedInOrderOfNames) {
  const Id before =
      builder.tree({builder.file("changed", {"1"}), builder.dir("gone", {builder.file("x", {"x"})}),
                    builder.file("same", {"s"})});
  const Id after = builder.tree({builder.dir("a", {builder.dir("b", {builder.file("c", {"c"})})}),
                                 builder.file("changed", {"22"}), builder.file("same", {"s"})});
  EXPECT_THAT(diff(before, after),
              ElementsAre("+ /a/", "+ /a/b/", "+ /a/b/c", "M /changed", "- /gone/", "- /gone/x"));
  EXPECT_EQ(statistics.changed_files, 1U);
  EXPECT_EQ(statistics.added.files, 1U);
  EXPECT_EQ(statistics.added.dirs, 2U);
  EXPECT_EQ(statistics.removed.files, 1U);
  EXPECT_EQ(statistics.removed.dirs, 1U);
  EXPECT_EQ(statistics.added.data_blobs, 2U);    // "c" and "22"
  EXPECT_EQ(statistics.removed.data_blobs, 2U);  // "1" and "x"
  EXPECT_EQ(statistics.added.tree_blobs, 3U);    // a, b, the root
  EXPECT_EQ(statistics.removed.tree_blobs, 2U);
}

TEST_F(TreeDiffTest, EqualTreesDoNotDiffer) {
  const Id tree = builder.tree({builder.dir("a", {builder.file("b", {"b"})})});
  EXPECT_THAT(diff(tree, tree, true), IsEmpty());
  EXPECT_EQ(statistics.added.bytes + statistics.removed.bytes, 0U);
  EXPECT_EQ(statistics.added.tree_blobs + statistics.removed.tree_blobs, 0U);
}

TEST_F(TreeDiffTest, ABlobThatAnUnchangedFolderHasIsNeitherNewNorGone) {
  const Node unchanged = builder.dir("z", {builder.dir("deep", {builder.file("f", {"shared"})})});
  const Id without = builder.tree({unchanged});
  const Id with = builder.tree({builder.file("copy", {"shared", "own"}), unchanged});
  diff(without, with);
  EXPECT_EQ(statistics.added.data_blobs, 1U);
  diff(with, without);
  EXPECT_EQ(statistics.removed.data_blobs, 1U);
}

TEST_F(TreeDiffTest, TellsOfMetadataOnlyWhenAsked) {
  Node file = builder.file("f", {"f"});
  const Id before = builder.tree({file});
  file.mode = 0600;
  const Id after = builder.tree({file});
  EXPECT_THAT(diff(before, after), IsEmpty());
  EXPECT_THAT(diff(before, after, true), ElementsAre("U /f"));
}

TEST_F(TreeDiffTest, TheOrderOfExtendedAttributesDoesNotCount) {
  Node file = builder.file("f", {"f"});
  file.extended_attributes = {{"user.a", "1"}, {"user.b", "2"}};
  const Id before = builder.tree({file});
  std::swap(file.extended_attributes[0], file.extended_attributes[1]);
  const Id after = builder.tree({file});
  ASSERT_NE(before, after);
  EXPECT_THAT(diff(before, after, true), IsEmpty());
}

TEST_F(TreeDiffTest, OtherContentUnderEqualMetadataIsSuspicious) {
  const Id before = builder.tree({builder.file("f", {"one"})});
  const Id after = builder.tree({builder.file("f", {"two"})});
  EXPECT_THAT(diff(before, after), ElementsAre("M? /f"));
}

TEST_F(TreeDiffTest, AnotherTypeIsOneChangeOfTheNameItself) {
  const Id before = builder.tree({builder.dir("a", Tree{}), builder.file("b", {})});
  const Id after = builder.tree({RepoBuilder::symlink("a", "x"), builder.dir("b", Tree{})});
  EXPECT_THAT(diff(before, after), ElementsAre("T /a", "T /b/"));
  EXPECT_THAT(diff(before, after, true), ElementsAre("TU /a", "TU /b/"));
}

TEST_F(TreeDiffTest, WhatWasInAFolderThatIsAFileNowIsGone) {
  const Node folder = builder.dir("a", {builder.dir("b", {builder.file("x", {"x"})})});
  const Id before = builder.tree({folder});
  const Id after = builder.tree({builder.file("a", {"a"})});
  EXPECT_THAT(diff(before, after), ElementsAre("T /a", "- /a/b/", "- /a/b/x"));
  EXPECT_EQ(statistics.removed.files, 1U);
  EXPECT_EQ(statistics.removed.dirs, 1U);
  EXPECT_EQ(statistics.removed.data_blobs, 1U);
  EXPECT_EQ(statistics.removed.tree_blobs, 3U);
  EXPECT_THAT(diff(after, before), ElementsAre("T /a/", "+ /a/b/", "+ /a/b/x"));
  EXPECT_EQ(statistics.added.data_blobs, 1U);
}

TEST_F(TreeDiffTest, AnUnreadableFolderIsAProblemAndTheRestIsCompared) {
  const Id missing = *Id::parse(std::string(64, '7'));
  const Id before = builder.tree({RepoBuilder::dir("bad", missing), builder.file("z", {"1"})});
  const Id after = builder.tree({builder.dir("bad", Tree{}), builder.file("z", {"12"})});
  EXPECT_THAT(diff(before, after), ElementsAre("M /z"));
  // The folder itself, and its blob, whose size nobody knows.
  ASSERT_EQ(problems.size(), 2U);
  EXPECT_TRUE(problems.front().starts_with("/bad: "));
  EXPECT_THAT([&] { diff(missing, after); }, throws_errc(Errc::not_found));
}

}  // namespace
}  // namespace medsave
