#include "backup_targets.hpp"

#include "source_path.hpp"
#include "support/temp_dir.hpp"

#include "medsave/archive/archiver.hpp"
#include "medsave/archive/snapshot_paths.hpp"
#include "medsave/sys/host.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

namespace medsave {
namespace {

using ::testing::ElementsAre;

/// "snapshot path <- source path", with '*' behind targets, in snapshot order.
void describe(const TargetNode& node, const std::string& path, std::vector<std::string>& out) {
  for (const auto& [name, child] : node.children) {
    std::string below = path;
    below.append("/").append(name);
    out.push_back(below + " <- " + child.path + (child.wanted ? "*" : ""));
    describe(child, below, out);
  }
}

std::vector<std::string> tree_of(std::initializer_list<const char*> targets) {
  BackupTargets tree;
  for (const char* target : targets) tree.add(target);
  std::vector<std::string> out;
  describe(tree.root(), "", out);
  return out;
}

TEST(CleanPath, WorksOnTheTextAlone) {
  const std::pair<const char*, const char*> kCases[] = {
      {"", "."},           {".", "."},
      {"/", "/"},          {"//", "/"},
      {"a/", "a"},         {"a//b", "a/b"},
      {"./a/./b", "a/b"},  {"a/..", "."},
      {"a/../b", "b"},     {"../a", "../a"},
      {"../../", "../.."}, {"/..", "/"},
      {"/../a", "/a"},     {"a/../../b", "../b"},
      {"/a/b/../..", "/"},
  };
  for (const auto& [path, cleaned] : kCases) EXPECT_EQ(clean_path(path), cleaned) << path;
}

TEST(BackupTargets, NestsAbsoluteTargets) {
  EXPECT_THAT(tree_of({"/a/b/c"}), ElementsAre("/a <- /a", "/a/b <- /a/b", "/a/b/c <- /a/b/c*"));
}

TEST(BackupTargets, KeepsRelativeTargetsAsWritten) {
  EXPECT_THAT(tree_of({"x/y/", "./x/z"}), ElementsAre("/x <- x", "/x/y <- x/y*", "/x/z <- x/z*"));
}

TEST(BackupTargets, LetsLeadingDotsVanish) {
  EXPECT_THAT(tree_of({"../extra/x.txt", "docs", "/srv/fixture/tree/links"}),
              ElementsAre("/docs <- docs*", "/extra <- ../extra", "/extra/x.txt <- ../extra/x.txt*",
                          "/srv <- /srv", "/srv/fixture <- /srv/fixture",
                          "/srv/fixture/tree <- /srv/fixture/tree",
                          "/srv/fixture/tree/links <- /srv/fixture/tree/links*"));
}

TEST(BackupTargets, RenamesFirstComponentsOfDifferentRoots) {
  EXPECT_THAT(tree_of({"srv", "/srv/fixture/x", "../srv/y", "/srv/z"}),
              ElementsAre("/srv <- srv*", "/srv-1 <- /srv", "/srv-1/fixture <- /srv/fixture",
                          "/srv-1/fixture/x <- /srv/fixture/x*", "/srv-1/z <- /srv/z*",
                          "/srv-2 <- ../srv", "/srv-2/y <- ../srv/y*"));
}

TEST(BackupTargets, DoesNotMergeWithANameItMadeUp) {
  EXPECT_THAT(tree_of({"a", "/a", "/a-1/x"}),
              ElementsAre("/a <- a*", "/a-1 <- /a*", "/a-1-1 <- /a-1", "/a-1-1/x <- /a-1/x*"));
}

TEST(BackupTargets, MergesNestedAndRepeatedTargets) {
  EXPECT_THAT(tree_of({"w", "w/f", "w/"}), ElementsAre("/w <- w*", "/w/f <- w/f*"));
  EXPECT_THAT(tree_of({"w/f", "w"}), ElementsAre("/w <- w*", "/w/f <- w/f*"));
}

TEST(BackupTargets, KnowsTargetsWithoutComponents) {
  for (const char* path : {".", "..", "../..", "/"}) EXPECT_TRUE(is_bare_root(path)) << path;
  for (const char* path : {"a", "../a", "/a"}) EXPECT_FALSE(is_bare_root(path)) << path;
}

TEST(BackupTargets, ReplacesThoseByTheirSortedEntries) {
  const test::TempDir dir;
  for (const char* name : {"b", "a", ".c"}) std::ofstream(dir / name) << "x";
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::create_directory(dir / "sub");
  std::filesystem::current_path(dir / "sub");
  EXPECT_THAT(entries_of_bare_root("..", ExclusionTags({})),
              ElementsAre("../.c", "../a", "../b", "../sub"));
  std::filesystem::current_path(dir.path());
  EXPECT_THAT(entries_of_bare_root(".", ExclusionTags({})), ElementsAre(".c", "a", "b", "sub"));
  std::filesystem::current_path(before);
}

TEST(SnapshotPaths, AreAbsoluteCleanedSortedAndKeepDuplicates) {
  const std::string here = current_directory();
  EXPECT_THAT(snapshot_paths({"/a//b/", "x/../y", ".", "/a/b"}),
              ElementsAre("/a/b", "/a/b", here, here + "/y"));
}

}  // namespace
}  // namespace medsave
