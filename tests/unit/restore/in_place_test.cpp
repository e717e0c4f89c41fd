#include "restore_run.hpp"
#include "support/matchers.hpp"

#include "medsave/repo/index_load.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

namespace medsave {
namespace {

using test::RepoBuilder;
using test::RestoreRun;
using test::throws_errc;

struct stat stat_of(const std::string& path) {
  struct stat st = {};
  EXPECT_EQ(::stat(path.c_str(), &st), 0) << path;
  return st;
}

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

TEST(RestoreInPlace, AFileThatWasLeftUnfinishedIsNotSkipped) {
  for (const Overwrite overwrite : {Overwrite::never, Overwrite::if_newer, Overwrite::if_changed}) {
    RestoreRun run;
    const Id root = run.builder.tree({run.builder.file("f", {"aaaa", "bb"})});
    // Whole by its size and its time, as a restore that was killed may leave it.
    run.put("f", std::string(6, '\0'));
    ASSERT_EQ(::chmod(run.path("f").c_str(), 01600), 0);
    set_mtime(run.path("f"), 1'600'000'000, 123'456'789);
    run.request.overwrite = overwrite;
    run.restore(root);
    EXPECT_EQ(run.problems.size(), 0U);
    EXPECT_EQ(run.text("f"), "aaaabb");
    EXPECT_EQ(run.status("f").st_mode & 07777U, 0640U);
  }
}

TEST(RestoreInPlace, AFileWithoutAllItsContentIsMarkedAsUnfinished) {
  RestoreRun run;
  const Node file = run.builder.file("f", {"aaaa", "bb"});
  const Id root = run.builder.tree({file});
  run.builder.start_packs();
  const auto at = load_index(run.builder.repository(), {})
                      ->find({.kind = BlobKind::data, .id = file.content.front()});
  test::damage(run.store, {.kind = FileKind::pack, .id = at->pack},
               [&](Buffer& bytes) { bytes.data()[at->offset + 20] ^= std::byte{1}; });
  run.put("in-place", "xxxxbb");
  run.restore(root);
  EXPECT_FALSE(run.problems.empty());
  EXPECT_EQ(run.status("f").st_mode & 07777U, 01600U);
}

TEST(RestoreInPlace, NamesOfOneNumberThatHoldDifferentThingsAreNotLinked) {
  RestoreRun run;
  Node first = run.builder.file("first", {"aaaa"});
  Node second = run.builder.file("second", {"bbbb"});
  Node third = run.builder.file("third", {"bbbb"});
  for (Node* node : {&first, &second, &third}) {
    node->inode = 7;
    node->device_id = 1;
    node->links = 2;
  }
  run.restore(run.builder.tree({first, second, third}));
  EXPECT_EQ(run.text("first"), "aaaa");
  EXPECT_EQ(run.text("second"), "bbbb");
  EXPECT_EQ(run.status("second").st_ino, run.status("third").st_ino);
  EXPECT_NE(run.status("first").st_ino, run.status("third").st_ino);
}

TEST(RestoreInPlace, DeleteSparesWhatPatternsProtectWithinAnExtraFolder) {
  for (const bool dry_run : {true, false}) {
    RestoreRun run;
    const Id root = run.builder.tree({run.builder.file("f", {"aaaa"})});
    for (const char* name : {"new/a.keep", "new/b", "new/deep/c", "new/deep/d.keep", "gone/e"}) {
      run.put(name, "x");
    }
    run.request.delete_extra = true;
    run.dry_run = dry_run;
    run.request.excludes.add("*.keep", false);
    const RestoreResult result = run.restore(root);
    EXPECT_EQ(run.problems.size(), 0U);
    EXPECT_EQ(result.files_deleted, 4U);  // b, c, e and its folder
    EXPECT_TRUE(run.exists("new/a.keep") && run.exists("new/deep/d.keep"));
    for (const char* name : {"new/b", "new/deep/c", "gone"}) {
      EXPECT_EQ(run.exists(name), dry_run) << name;
    }
  }
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

TEST(RestoreInPlace, LeavesAFileOfSeveralNamesThatIsRight) {
  RestoreRun run;
  Node file = run.builder.file("f", {"snapshot"});
  const Id root = run.builder.tree({file});
  run.restore(root);
  std::filesystem::create_hard_link(run.path("f"), run.outside());
  const ino_t before = run.status("f").st_ino;
  EXPECT_EQ(run.restore(root).files_restored, 0U);
  EXPECT_EQ(run.status("f").st_ino, before);
  EXPECT_EQ(run.status("f").st_nlink, 2U);
}

TEST(RestoreInPlace, LeavesWhatIsThereWhereTheSnapshotHasTheFileOnlyInPart) {
  RestoreRun run;
  Node file = run.builder.file("f", {"first", "second"});
  file.content.back() = Id{};  // nowhere to be had
  const Id root = run.builder.tree({file});
  run.put("f", "what somebody has");
  EXPECT_NE(run.restore(root).problems, 0U);
  EXPECT_EQ(run.text("f"), "what somebody has");
  std::filesystem::remove(run.path("f"));
  EXPECT_NE(run.restore(root).problems, 0U);
  EXPECT_TRUE(run.text("f").starts_with("first"));
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

TEST(RestoreInPlace, DeleteStaysWithinTheSources) {
  RestoreRun run;
  const Id root = run.builder.tree(
      {run.builder.dir("srv", {run.builder.dir("practice", {run.builder.file("kept", {"x"})}),
                               run.builder.dir("one", {run.builder.file("f", {"x"})})})});
  run.put("beside", "x");
  run.put("srv/beside", "x");
  run.put("srv/practice/gone", "x");
  run.put("srv/practice/deep/gone", "x");
  run.put("srv/one/beside", "x");
  run.request.delete_extra = true;
  run.request.sources = {"/srv/practice", "/srv/one/f"};
  const RestoreResult result = run.restore(root);
  EXPECT_TRUE(run.exists("beside"));
  EXPECT_TRUE(run.exists("srv/beside"));
  EXPECT_TRUE(run.exists("srv/one/beside"));
  EXPECT_FALSE(run.exists("srv/practice/gone"));
  EXPECT_FALSE(run.exists("srv/practice/deep"));
  EXPECT_EQ(result.files_deleted, 3U);
  ASSERT_EQ(run.notices.size(), 1U);
  EXPECT_TRUE(run.notices[0].starts_with("3 entries")) << run.notices[0];
}

TEST(RestoreInPlace, DeleteSparesTheRepositoryAndWhatHoldsIt) {
  RestoreRun run;
  const Id root = run.builder.tree({run.builder.file("kept", {"x"})});
  run.put("drive/backup/repository/config", "x");
  run.put("other/file", "x");
  run.request.delete_extra = true;
  run.request.repository = run.path("drive/backup/repository");
  run.restore(root);
  EXPECT_TRUE(run.exists("drive/backup/repository/config"));
  EXPECT_FALSE(run.exists("other"));
  EXPECT_EQ(run.problems.size(), 1U);
}

TEST(RestoreInPlace, DeleteSparesWhatTheBackupHadLeftOut) {
  for (const bool dry_run : {true, false}) {
    RestoreRun run;
    const Id root = run.builder.tree({run.builder.dir("a", {run.builder.file("kept", {"x"})})});
    for (const char* name : {"a/scan.raw", "a/gone", "raw/b/film.raw", "raw/b/gone", "films/x/y"}) {
      run.put(name, "x");
    }
    run.request.delete_extra = true;
    run.dry_run = dry_run;
    run.request.left_out =
        SnapshotExcludes({.paths = {"/srv"}, .excludes = {"*.raw", "/srv/films"}}, "/srv");
    run.restore(root);
    for (const char* name : {"a/scan.raw", "raw/b/film.raw", "films/x/y"}) {
      EXPECT_TRUE(run.exists(name)) << name;
    }
    EXPECT_EQ(run.exists("a/gone"), dry_run);
    EXPECT_EQ(run.exists("raw/b/gone"), dry_run);
    EXPECT_TRUE(run.problems.empty());
    if (dry_run) continue;
    ASSERT_EQ(run.notices.size(), 1U);
    EXPECT_TRUE(run.notices[0].starts_with("3 entries")) << run.notices[0];
  }
}

TEST(RestoreInPlace, AFolderWithWhatTheBackupHadLeftOutIsNotReplaced) {
  for (const bool dry_run : {true, false}) {
    RestoreRun run;
    const Id root = run.builder.tree({run.builder.file("place", {"x"})});
    for (const char* name : {"place/scan.raw", "place/letter", "extra"}) run.put(name, "x");
    run.request.delete_extra = true;
    run.dry_run = dry_run;
    run.request.left_out = SnapshotExcludes({.paths = {"/srv"}, .excludes = {"*.raw"}}, "/srv");
    EXPECT_EQ(run.restore(root).files_deleted, 0U);
    for (const char* name : {"place/scan.raw", "place/letter", "extra"}) {
      EXPECT_TRUE(run.exists(name)) << name;
    }
    ASSERT_EQ(run.problems.size(), 1U);
    EXPECT_EQ(run.problems[0].path, "/place");
  }
}

TEST(RestoreInPlace, DeleteReplacesFullFoldersByWhateverTheSnapshotHasThere) {
  for (const bool temporary : {true, false}) {
    RestoreRun run;
    Node name = run.builder.file("name", {"shared"});
    name.links = 2;
    name.inode = 7;
    Node other_name = name;
    other_name.name = "other_name";
    const Id root =
        run.builder.tree({run.builder.file("empty", {}), run.builder.file("large", {"aa", "bb"}),
                          RepoBuilder::symlink("link", "x"), name, other_name});
    const std::vector<std::string> names = {"empty", "large", "link", "name", "other_name"};
    for (const std::string& folder : names) run.put(folder + "/inside", "x");
    run.request.delete_extra = true;
    run.request.verify = true;
    run.request.under_temporary_names = temporary;
    run.dry_run = true;
    const RestoreResult foretold = run.restore(root);
    for (const std::string& folder : names) EXPECT_TRUE(run.exists(folder + "/inside")) << folder;
    run.dry_run = false;
    const RestoreResult result = run.restore(root);
    EXPECT_TRUE(run.problems.empty());
    EXPECT_EQ(run.text("empty"), "");
    EXPECT_EQ(run.text("large"), "aabb");
    EXPECT_EQ(run.text("name"), "shared");
    EXPECT_EQ(run.text("other_name"), "shared");
    EXPECT_EQ(result.files_deleted, 10U);
    EXPECT_EQ(foretold.files_deleted, 10U);
    EXPECT_EQ(result.files_restored, 5U);
    EXPECT_EQ(foretold.files_restored, 5U);
    EXPECT_EQ(result.files_verified, 3U);
    EXPECT_EQ(run.restore(root).files_deleted, 0U);  // and nothing was left behind
  }
}

TEST(RestoreInPlace, DeleteSparesTheContentOfCachesThatABackupCutsOff) {
  RestoreRun run;
  const Id root =
      run.builder.tree({run.builder.dir("cache", {run.builder.file("CACHEDIR.TAG", {"x"})})});
  run.put("cache/object", "x");
  run.put("gone", "x");
  run.request.delete_extra = true;
  run.restore(root);
  EXPECT_TRUE(run.exists("cache/object"));
  EXPECT_FALSE(run.exists("gone"));
}

TEST(RestoreInPlace, DeleteSparesEveryRepository) {
  RestoreRun run;
  const Id root = run.builder.tree(
      {run.builder.file("kept", {"x"}),
       run.builder.dir("known", {run.builder.file("config", {"x"}),
                                 run.builder.dir("data", {run.builder.file("pack", {"x"})})})});
  for (const std::string repository : {"old", "drive/backup", "known"}) {
    run.put(repository + "/config", "x");
    for (const char* folder : {"keys", "data", "snapshots"}) {
      run.put(repository + "/" + folder + "/x", "x");
    }
  }
  run.put("drive/file", "x");
  run.put("no-repository/config", "x");
  run.put("no-repository/data/x", "x");
  run.request.delete_extra = true;
  run.restore(root);
  EXPECT_EQ(run.problems.size(), 0U);
  for (const std::string repository : {"old", "drive/backup", "known"}) {
    EXPECT_TRUE(run.exists(repository + "/config")) << repository;
    EXPECT_TRUE(run.exists(repository + "/keys/x")) << repository;
    EXPECT_TRUE(run.exists(repository + "/data/x")) << repository;
    EXPECT_TRUE(std::ranges::any_of(run.notices, [&](const std::string& notice) {
      return notice.starts_with(run.target() + "/" + repository +
                                " was kept: it is a backup repository");
    })) << repository;
  }
  EXPECT_FALSE(run.exists("drive/file"));
  EXPECT_FALSE(run.exists("no-repository"));
}

TEST(RestoreInPlace, NothingIsRestoredIntoTheRepository) {
  RestoreRun run;
  const Id root = run.builder.tree({run.builder.file("f", {"x"})});
  const std::string repository = run.outside();
  std::filesystem::create_directories(repository + "/data/00");
  run.request.repository = repository;
  for (const char* target :
       {"", "/", "/new/folder", "/data", "/data/00", "/../outside", "/../gone/../outside/new"}) {
    run.request.target = repository + target;
    EXPECT_THAT([&] { run.restore_there(root); }, throws_errc(Errc::usage)) << target;
  }
  std::filesystem::create_directory_symlink(repository + "/data", run.target());
  run.request.target = run.target() + "/new";
  EXPECT_THAT([&] { run.restore_there(root); }, throws_errc(Errc::usage));
  EXPECT_FALSE(std::filesystem::exists(repository + "/f"));
  EXPECT_FALSE(std::filesystem::exists(repository + "/new"));
  EXPECT_TRUE(std::filesystem::is_empty(repository + "/data/00"));
  run.request.target = repository + "-beside";
  EXPECT_EQ(run.restore_there(root).files_restored, 1U);
}

TEST(RestoreInPlace, FilesNewerThanInTheSnapshotAreAnnouncedWhereTheyDiffer) {
  RestoreRun run;
  const Id root =
      run.builder.tree({run.builder.file("a", {"snap"}), run.builder.file("b", {"snap"}),
                        run.builder.file("older", {"snap"}), run.builder.file("same", {"snap"}),
                        run.builder.file("unfinished", {"snap"})});
  for (const char* name : {"a", "b", "older", "unfinished"}) run.put(name, "disk");
  run.put("same", "snap");
  set_mtime(run.path("a"), 1'700'000'001);
  set_mtime(run.path("b"), 1'700'000'000);
  set_mtime(run.path("older"), 1'500'000'000);
  ASSERT_EQ(::chmod(run.path("unfinished").c_str(), 01600), 0);
  run.dry_run = true;
  run.restore(root);
  EXPECT_EQ(run.notices.size(), 0U);
  run.request.tell_of_newer = true;
  for (const bool dry_run : {true, false}) {
    run.notices.clear();
    run.dry_run = dry_run;
    run.restore(root);
    ASSERT_EQ(run.notices.size(), 1U);
    EXPECT_TRUE(run.notices[0].starts_with("2 files")) << run.notices[0];
    EXPECT_NE(run.notices[0].find("being " + run.path("a")), std::string::npos) << run.notices[0];
  }
}

TEST(RestoreInPlace, TheMetadataOfTheFolderGoToANewOrEmptyTarget) {
  RestoreRun run;
  Node folder = run.builder.dir("folder", {run.builder.file("f", {"x"})});
  folder.mode = go_mode::kDir | go_mode::kSticky | 0751U;
  run.request.folder = folder;
  run.restore(*folder.subtree);
  EXPECT_EQ(stat_of(run.target()).st_mode & 07777U, 01751U);
  EXPECT_EQ(stat_of(run.target()).st_mtim.tv_sec, 1'600'000'000);

  // A target with something in it has metadata of its own.
  ASSERT_EQ(::chmod(run.target().c_str(), 0700), 0);
  run.restore(*folder.subtree);
  EXPECT_EQ(stat_of(run.target()).st_mode & 07777U, 0700U);

  std::filesystem::remove(run.path("f"));
  run.restore(*folder.subtree);
  EXPECT_EQ(stat_of(run.target()).st_mode & 07777U, 01751U);
}

/// Lets somebody else do something after the walk, when the first content is read.
class MeddlingBackend : public test::FaultyBackend {
 public:
  MeddlingBackend(Backend& inner, std::function<void()> meddle)
      : FaultyBackend(inner, 0, Error(Errc::internal, "")), meddle_(std::move(meddle)) {}
  void load_range(const FileRef& file, std::uint64_t offset, std::size_t length,
                  Buffer& out) override {
    constexpr unsigned kFirstContent = 2;  // after the only tree
    if (++ranges_ == kFirstContent) meddle_();
    FaultyBackend::load_range(file, offset, length, out);
  }

 private:
  std::function<void()> meddle_;
  std::atomic<unsigned> ranges_ = 0;
};

void restore_with(RestoreRun& run, const Id& root, std::function<void()> meddle) {
  const auto repository =
      RepoBuilder::open(std::make_unique<MeddlingBackend>(run.store, std::move(meddle)));
  run.restore(root, *repository);
}

TEST(RestoreInPlace, AFileReplacedMeanwhileIsAnErrorAndKept) {
  RestoreRun run;
  const Id root = run.builder.tree({run.builder.file("f", {"aaaa", "bbbb", "cccc"})});
  run.put("f", "aaaaXXXXcccc");
  restore_with(run, root, [&] { run.put("f", "somebody else's"); });
  EXPECT_EQ(run.problems.size(), 1U);
  EXPECT_EQ(run.text("f"), "somebody else's");
}

TEST(RestoreInPlace, AFileChangedMeanwhileIsAnError) {
  RestoreRun run;
  const Id root = run.builder.tree({run.builder.file("f", {"aaaa", "bbbb", "cccc"})});
  run.put("f", "aaaaXXXXcccc");
  restore_with(run, root, [&] {
    const UniqueFd fd(::open(run.path("f").c_str(), O_WRONLY));
    pwrite_all(fd.get(), as_bytes("ZZZZ"), 0, "f");
    set_mtime(run.path("f"), 1'500'000'000);
  });
  ASSERT_EQ(run.problems.size(), 1U);
  EXPECT_EQ(run.text("f"), "ZZZZXXXXcccc");
}

TEST(RestoreInPlace, WhatComesIntoBeingMeanwhileIsKept) {
  RestoreRun run;
  const Id root = run.builder.tree({run.builder.file("f", {"aaaa", "bbbb"})});
  run.put("other", "");
  std::filesystem::create_symlink("other", run.path("f"));
  restore_with(run, root, [&] {
    std::filesystem::remove(run.path("f"));
    run.put("f", "precious");
  });
  EXPECT_EQ(run.problems.size(), 1U);
  EXPECT_EQ(run.text("f"), "precious");
}

TEST(RestoreInPlace, FullFoldersInTheWayAreForetoldAndWhyTheyStay) {
  for (const bool with_patterns : {false, true}) {
    RestoreRun run;
    Node first = RepoBuilder::symlink("link", "x");
    Node second = RepoBuilder::symlink("other", "x");
    first.links = second.links = 2;
    const Id root = run.builder.tree(
        {run.builder.file("empty", {}), run.builder.file("f", {"aaaa"}), first, second});
    for (const char* name : {"empty/x", "f/x", "link/x", "other/x"}) run.put(name, "precious");
    run.request.delete_extra = with_patterns;
    if (with_patterns) run.request.excludes.add("*.txt", false);
    for (const bool dry_run : {true, false}) {
      run.dry_run = dry_run;
      run.restore(root);
      ASSERT_EQ(run.problems.size(), 4U) << dry_run;
      for (const RestoreProblem& problem : run.problems) {
        if (problem.path == "/other") continue;  // for want of the link that it is the same as
        EXPECT_EQ(problem.message.find("--delete") == std::string::npos, with_patterns)
            << problem.message;
      }
    }
    EXPECT_EQ(run.text("f/x"), "precious");
  }
}

TEST(RestoreInPlace, FurtherNamesOfWhatWasReplacedAreDeleted) {
  RestoreRun run;
  const Id root =
      run.builder.tree({run.builder.file("f", {"new"}), RepoBuilder::symlink("link", "x"),
                        run.builder.dir("was-file", {run.builder.file("g", {"g"})})});
  for (const char* name : {"f", "link", "was-file"}) {
    run.put(name, std::string("old ") + name);
    std::filesystem::create_hard_link(run.path(name), run.path(name) + "-more");
    std::filesystem::create_directory(run.path(name) + "-folder");
    std::filesystem::create_hard_link(run.path(name), run.path(name) + "-folder/more");
  }
  run.request.delete_extra = true;
  run.restore(root);
  EXPECT_EQ(run.problems.size(), 0U);
  for (const std::string& notice : run.notices) {
    EXPECT_EQ(notice.find("while the restore was running"), std::string::npos) << notice;
  }
  for (const char* name : {"f", "link", "was-file"}) {
    EXPECT_FALSE(run.exists(std::string(name) + "-more"));
    EXPECT_FALSE(run.exists(std::string(name) + "-folder"));
  }
}

TEST(RestoreInPlace, WhatComesIntoBeingInTheVeryTickOfTheStartIsNotDeleted) {
  constexpr int kTries = 20;  // not each meets the same tick
  for (int tries = 0; tries < kTries; ++tries) {
    RestoreRun run;
    const Id root = run.builder.tree({run.builder.file("f", {"aaaa", "bbbb"})});
    run.put("folder/old", "");
    run.request.delete_extra = true;
    restore_with(run, root, [&] { std::ofstream(run.path("folder/new")) << "precious"; });
    EXPECT_EQ(run.problems.size(), 0U);
    EXPECT_EQ(run.text("folder/new"), "precious");
    EXPECT_FALSE(run.exists("folder/old"));
  }
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

TEST(PlaceInTarget, IsThePathThatPeopleFind) {
  EXPECT_EQ(place_in_target("/tmp/r", "/srv/a"), "/tmp/r/srv/a");
  EXPECT_EQ(place_in_target("out//", "/srv/a"), "out/srv/a");
  EXPECT_EQ(place_in_target("out", "/"), "out");
  EXPECT_EQ(place_in_target("/", "/srv"), "/srv");
  EXPECT_EQ(place_in_target("/", "/"), "/");
}

}  // namespace
}  // namespace medsave
