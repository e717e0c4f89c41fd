#include "medsave/snap/snapshot_excludes.hpp"

#include <gtest/gtest.h>

namespace medsave {
namespace {

TEST(SnapshotExcludesTest, NothingMatchesWithoutPatterns) {
  EXPECT_FALSE(SnapshotExcludes().match("/a"));
  EXPECT_FALSE(SnapshotExcludes(Snapshot{.paths = {"/srv"}}, "").match("/srv/a"));
}

TEST(SnapshotExcludesTest, PathsWithinAFolderAreCompletedForThePatterns) {
  const Snapshot snapshot = {.paths = {"/srv/practice"},
                             .excludes = {"*.tmp", "/srv/practice/films", "letters/old", "[a"}};
  for (const std::string folder : {"", "/"}) {
    const SnapshotExcludes excludes(snapshot, folder);
    EXPECT_TRUE(excludes.match("/srv/practice/a.tmp"));
    EXPECT_TRUE(excludes.match("/srv/practice/films/a"));
    EXPECT_TRUE(excludes.match("/srv/practice/letters/old/a"));
    EXPECT_FALSE(excludes.match("/srv/practice/letters/new"));
  }
  for (const std::string folder : {"srv/practice", "/srv/practice/"}) {
    const SnapshotExcludes excludes(snapshot, folder);
    EXPECT_TRUE(excludes.match("/films"));
    EXPECT_TRUE(excludes.match("/letters/old"));
    EXPECT_FALSE(excludes.match("/old"));
  }
  EXPECT_TRUE(SnapshotExcludes(snapshot, "srv/practice/letters").match("/old"));
}

TEST(SnapshotExcludesTest, RelativeSourcesWereInSomeFolder) {
  const Snapshot snapshot = {.paths = {"/home/anna/letters"},
                             .excludes = {"/home/anna/letters/old"}};
  EXPECT_TRUE(SnapshotExcludes(snapshot, "").match("/letters/old/a"));  // "letters" was saved
  EXPECT_TRUE(SnapshotExcludes(snapshot, "").match("/old"));            // "." was saved
  EXPECT_TRUE(SnapshotExcludes(snapshot, "letters").match("/old"));
  EXPECT_FALSE(SnapshotExcludes(snapshot, "").match("/letters/new"));
}

}  // namespace
}  // namespace medsave
