#include "restore_run.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <unistd.h>

namespace medsave {
namespace {

using test::RepoBuilder;
using test::RestoreRun;

void set_mtime(const std::string& path, std::int64_t seconds, long nanoseconds = 0) {
  const timespec times[2] = {{.tv_sec = seconds, .tv_nsec = nanoseconds},
                             {.tv_sec = seconds, .tv_nsec = nanoseconds}};
  ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
}

TEST(RestoreInPlace, WritesOnlyThePartsThatDiffer) {
  RestoreRun run;
  const Id root = run.builder.tree({run.builder.file("f", {"aaaa", "bbbbbb", "cc"})});
  run.put("f", "aaaaXXXXXXcc");
  const ino_t inode = run.status("f").st_ino;
  const RestoreResult result = run.restore(root);
  EXPECT_EQ(run.text("f"), "aaaabbbbbbcc");
  EXPECT_EQ(run.status("f").st_ino, inode);
  EXPECT_EQ(run.status("f").st_mtim.tv_sec, 1'600'000'000);
  EXPECT_EQ(result.bytes_restored, 6U);
  EXPECT_EQ(result.bytes_skipped, 6U);
  EXPECT_EQ(run.items["/f"], RestoreAction::updated);
}

TEST(RestoreInPlace, WhatIsRightAlreadyIsLeftAlone) {
  RestoreRun run;
  const Id root = run.builder.tree({run.builder.file("f", {"aaaa", "bb"})});
  run.put("f", "aaaabb");
  const RestoreResult result = run.restore(root);
  EXPECT_EQ(run.items["/f"], RestoreAction::unchanged);
  EXPECT_EQ(result.bytes_restored, 0U);
  EXPECT_EQ(result.bytes_skipped, 6U);
  EXPECT_EQ(result.files_skipped, 1U);
  EXPECT_EQ(run.status("f").st_mode & 07777U, 0640U);  // the metadata is set all the same
}

TEST(RestoreInPlace, LongerAndShorterFilesGetTheRightSize) {
  RestoreRun run;
  const Id root =
      run.builder.tree({run.builder.file("long", {"aaaa", "bb"}),
                        run.builder.file("short", {"aaaa", "bb"}), run.builder.file("none", {})});
  run.put("long", "aaaabb and more");
  run.put("short", "aa");
  run.put("none", "something");
  run.restore(root);
  EXPECT_EQ(run.problems.size(), 0U);
  EXPECT_EQ(run.text("long"), "aaaabb");
  EXPECT_EQ(run.text("short"), "aaaabb");
  EXPECT_EQ(run.text("none"), "");
}

TEST(RestoreInPlace, UnreadableFilesAreWrittenAnew) {
  RestoreRun run;
  const Id root = run.builder.tree({run.builder.file("f", {"aaaa", "bb"})});
  run.put("f", "xxxxbb");
  ASSERT_EQ(::chmod(run.path("f").c_str(), 0), 0);
  run.restore(root);
  EXPECT_EQ(run.problems.size(), 0U);
  EXPECT_EQ(run.text("f"), "aaaabb");
}

TEST(RestoreInPlace, NeverKeepsWhatExists) {
  RestoreRun run;
  const Id root = run.builder.tree({run.builder.file("f", {"new"}), run.builder.file("g", {"g"}),
                                    RepoBuilder::symlink("l", "new")});
  run.put("f", "old");
  std::filesystem::create_symlink("old", run.path("l"));
  run.request.overwrite = Overwrite::never;
  const RestoreResult result = run.restore(root);
  EXPECT_EQ(run.text("f"), "old");
  EXPECT_EQ(run.text("g"), "g");
  EXPECT_EQ(std::filesystem::read_symlink(run.path("l")), "old");
  EXPECT_EQ(result.files_skipped, 2U);
  EXPECT_EQ(run.items["/f"], RestoreAction::skipped);
}

TEST(RestoreInPlace, IfNewerComparesTimes) {
  RestoreRun run;
  const Id root =
      run.builder.tree({run.builder.file("older", {"snap"}), run.builder.file("newer", {"snap"})});
  run.put("older", "disk");
  run.put("newer", "disk");
  set_mtime(run.path("older"), 1'500'000'000);
  run.request.overwrite = Overwrite::if_newer;
  run.restore(root);
  EXPECT_EQ(run.text("older"), "snap");
  EXPECT_EQ(run.text("newer"), "disk");
}

TEST(RestoreInPlace, IfChangedTrustsSizeAndTime) {
  RestoreRun run;
  const Id root =
      run.builder.tree({run.builder.file("same", {"snap"}), run.builder.file("touched", {"snap"})});
  run.put("same", "disk");
  run.put("touched", "disk");
  set_mtime(run.path("same"), 1'600'000'000, 123'456'789);
  run.request.overwrite = Overwrite::if_changed;
  run.restore(root);
  EXPECT_EQ(run.text("same"), "disk");
  EXPECT_EQ(run.items["/same"], RestoreAction::unchanged);
  EXPECT_EQ(run.text("touched"), "snap");
}

TEST(RestoreInPlace, OtherKindsOfEntriesAreReplaced) {
  RestoreRun run;
  const Id root = run.builder.tree(
      {run.builder.file("file", {"x"}), run.builder.dir("folder", {run.builder.file("f", {"y"})}),
       RepoBuilder::symlink("link", "x"), run.builder.file("was_folder", {"z"})});
  run.put("folder", "a file");
  run.put("link", "a file");
  std::filesystem::create_symlink("/etc/passwd", run.path("file"));
  std::filesystem::create_directory(run.path("was_folder"));
  run.restore(root);
  EXPECT_EQ(run.problems.size(), 0U);
  EXPECT_TRUE(S_ISREG(run.status("file").st_mode));
  EXPECT_EQ(run.text("file"), "x");
  EXPECT_EQ(run.text("folder/f"), "y");
  EXPECT_TRUE(S_ISLNK(run.status("link").st_mode));
  EXPECT_EQ(run.text("was_folder"), "z");
}

TEST(RestoreInPlace, AFullFolderGoesOnlyWithDelete) {
  RestoreRun run;
  const Id root = run.builder.tree({run.builder.file("name", {"x"})});
  run.put("name/inside", "precious");
  run.restore(root);
  ASSERT_EQ(run.problems.size(), 1U);
  EXPECT_EQ(run.text("name/inside"), "precious");
  run.request.delete_extra = true;
  run.restore(root);
  EXPECT_EQ(run.problems.size(), 0U);
  EXPECT_EQ(run.text("name"), "x");
}

TEST(RestoreInPlace, NeverWritesThroughAHardLink) {
  RestoreRun run;
  const Id root = run.builder.tree({run.builder.file("f", {"snapshot"})});
  run.put("f", "elsewhere");
  std::filesystem::create_hard_link(run.path("f"), run.outside());
  run.restore(root);
  EXPECT_EQ(run.problems.size(), 0U);
  EXPECT_EQ(run.text("f"), "snapshot");
  EXPECT_EQ(as_text(read_file(run.outside(), 100).view()), "elsewhere");
}

TEST(RestoreInPlace, DeleteRemovesWhatTheSnapshotDoesNotHave) {
  RestoreRun run;
  const Id root = run.builder.tree(
      {run.builder.dir("a", {run.builder.file("kept", {"x"})}), run.builder.file("top", {"x"})});
  run.put("a/kept", "x");
  run.put("a/gone", "x");
  run.put("tree/deep/gone", "x");
  std::filesystem::create_directory_symlink(run.outside(), run.path("link"));
  std::filesystem::create_directory(run.outside());
  const RestoreResult without = run.restore(root);
  EXPECT_EQ(without.files_deleted, 0U);
  run.request.delete_extra = true;
  const RestoreResult result = run.restore(root);
  EXPECT_TRUE(run.exists("a/kept"));
  EXPECT_FALSE(run.exists("a/gone"));
  EXPECT_FALSE(run.exists("tree"));
  EXPECT_FALSE(run.exists("link"));
  EXPECT_TRUE(std::filesystem::exists(run.outside()));
  EXPECT_EQ(result.files_deleted, 5U);
}

TEST(RestoreInPlace, DeleteRespectsTheFilters) {
  RestoreRun run;
  const Id root = run.builder.tree(
      {run.builder.dir("a", {run.builder.file("x.txt", {"x"}), run.builder.file("y", {"y"})})});
  run.put("a/gone.txt", "x");
  run.put("a/other", "x");
  run.request.includes.add("*.txt", false);
  run.request.delete_extra = true;
  run.restore(root);
  EXPECT_TRUE(run.exists("a/x.txt"));
  EXPECT_FALSE(run.exists("a/gone.txt"));
  EXPECT_TRUE(run.exists("a/other"));

  run.request.includes = {};
  run.request.excludes.add("other", false);
  run.restore(root);
  EXPECT_TRUE(run.exists("a/other"));
  EXPECT_TRUE(run.exists("a/y"));
}

TEST(RestoreInPlace, SparseDoesNotKeepOldBytesInHoles) {
  RestoreRun run;
  const std::string zeros(1 << 16, '\0');
  const Id root = run.builder.tree({run.builder.file("f", {zeros, "end"})});
  run.put("f", std::string(1 << 16, 'x'));
  run.request.sparse = true;
  run.restore(root);
  EXPECT_EQ(run.text("f"), zeros + "end");
}

}  // namespace
}  // namespace medsave
