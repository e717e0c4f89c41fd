#include "medsave/snap/snapshot_sources.hpp"

#include "support/repo_builder.hpp"

#include "medsave/repo/index_load.hpp"
#include "medsave/repo/repository.hpp"

#include <gtest/gtest.h>

namespace medsave {
namespace {

using test::RepoBuilder;
using Paths = std::vector<std::string>;

class SnapshotSources : public ::testing::Test {
 protected:
  /// Folders inside each other, the innermost with a file.
  Node nested(const Paths& names, std::size_t at = 0) {
    if (at + 1 == names.size()) {
      return builder_.dir(names[at], {builder_.file("file", {"content"})});
    }
    return builder_.dir(names[at], {nested(names, at + 1)});
  }
  Paths find(const Paths& paths, Tree nodes, const std::string& folder = {}) {
    Snapshot snapshot;
    snapshot.paths = paths;
    snapshot.tree = builder_.tree(std::move(nodes));
    builder_.start_packs();
    const auto index = load_index(builder_.repository(), {});
    const BlobReader reader(builder_.repository(), *index);
    return find_sources(reader, snapshot, folder);
  }

  MemBackend store_;
  RepoBuilder builder_{store_};
};

TEST_F(SnapshotSources, AnAbsolutePathIsWhereItSays) {
  EXPECT_EQ(find({"/srv/practice"}, {nested({"srv", "practice"})}), Paths{"/srv/practice"});
  EXPECT_EQ(find({"/srv/practice/"}, {nested({"srv", "practice"})}), Paths{"/srv/practice"});
  EXPECT_EQ(find({"/"}, {nested({"srv"})}), Paths{"/"});
}

TEST_F(SnapshotSources, AreGivenWithinTheFolder) {
  const Tree tree = {nested({"srv", "practice", "letters"})};
  EXPECT_EQ(find({"/srv/practice"}, tree, "/srv"), Paths{"/practice"});
  EXPECT_EQ(find({"/srv/practice"}, tree, "srv/"), Paths{"/practice"});
  EXPECT_EQ(find({"/srv/practice"}, tree, "/srv/practice"), Paths{"/"});
  EXPECT_EQ(find({"/srv/practice"}, tree, "/srv/practice/letters"), Paths{"/"});
  EXPECT_EQ(find({"/srv/practice"}, tree, "/etc"), Paths{});
}

TEST_F(SnapshotSources, ARelativePathIsTheEndOfTheAbsoluteOne) {
  EXPECT_EQ(find({"/home/anna/letters"}, {nested({"letters"})}), Paths{"/letters"});
  EXPECT_EQ(find({"/home/anna/a/b"}, {nested({"a", "b"})}), Paths{"/a/b"});
  EXPECT_EQ(find({"/home/x", "/home/y"}, {nested({"x"}), nested({"y"})}), (Paths{"/x", "/y"}));
}

TEST_F(SnapshotSources, TheCurrentFolderIsTheRoot) {
  EXPECT_EQ(find({"/home/anna"}, {nested({"letters"})}), Paths{"/"});
}

TEST_F(SnapshotSources, WindowsPathsHaveTheirDriveInFront) {
  EXPECT_EQ(find({"C:\\Users\\anna"}, {nested({"C", "Users", "anna"})}), Paths{"/C/Users/anna"});
  EXPECT_EQ(find({"C:\\"}, {nested({"C", "Users"})}), Paths{"/C"});
  EXPECT_EQ(find({"\\\\nas\\share\\data"}, {nested({"\\\\nas\\share", "data"})}),
            Paths{"/\\\\nas\\share/data"});
}

TEST_F(SnapshotSources, WhatWasTakenOutIsNoSource) {
  EXPECT_EQ(find({"/srv/practice"}, {builder_.dir("srv", Tree{})}), Paths{});
  EXPECT_EQ(find({"/srv/practice"}, {}), Paths{});
  EXPECT_EQ(find({"/home/a/b"}, {builder_.dir("a", Tree{})}), Paths{});
}

TEST_F(SnapshotSources, TheWayToASourceIsNone) {
  // "/data/srv" was taken out, and "srv" in the root leads to another source.
  EXPECT_EQ(find({"/data/srv", "/srv/practice"}, {nested({"srv", "practice"})}),
            Paths{"/srv/practice"});
}

TEST_F(SnapshotSources, WhatWasRecoveredHasNone) {
  EXPECT_EQ(find({kRecoveredPath}, {nested({"1234abcd", "letters"})}), Paths{});
  EXPECT_EQ(find({kRecoveredPath}, {nested({"recover"})}), Paths{"/recover"});
}

TEST_F(SnapshotSources, NothingIsCertainWhereATreeCannotBeRead) {
  EXPECT_EQ(find({"/srv/practice"}, {RepoBuilder::dir("srv", *Id::parse(std::string(64, '7')))}),
            Paths{});
}

}  // namespace
}  // namespace medsave
