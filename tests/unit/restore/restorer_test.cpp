#include "restore_run.hpp"

#include "medsave/base/random.hpp"
#include "medsave/repo/index_load.hpp"
#include "medsave/sys/file_info.hpp"
#include "medsave/sys/xattr.hpp"

#include <gtest/gtest.h>

#include <sys/sysmacros.h>
#include <unistd.h>

namespace medsave {
namespace {

using test::RepoBuilder;
using test::RestoreRun;

TEST(Restore, BringsBackFilesFoldersAndLinks) {
  RestoreRun run;
  const Id root = run.builder.tree(
      {run.builder.dir("a", {run.builder.file("one", {"hello"}), run.builder.file("none", {}),
                             run.builder.file("parts", {"first ", "second ", "first ", "third"})}),
       run.builder.dir("empty", Tree{}), RepoBuilder::symlink("link", "a/one"),
       run.builder.file("top", {"hello"})});
  const RestoreResult result = run.restore(root);
  EXPECT_EQ(run.problems.size(), 0U);
  EXPECT_EQ(run.text("a/one"), "hello");
  EXPECT_EQ(run.text("a/none"), "");
  EXPECT_EQ(run.text("a/parts"), "first second first third");
  EXPECT_EQ(run.text("top"), "hello");
  EXPECT_EQ(std::filesystem::read_symlink(run.path("link")), "a/one");
  EXPECT_TRUE(std::filesystem::is_directory(run.path("empty")));
  EXPECT_EQ(result.files_total, 7U);
  EXPECT_EQ(result.files_restored, 7U);
  EXPECT_EQ(result.bytes_total, 34U);
  EXPECT_EQ(result.bytes_restored, 34U);
  EXPECT_EQ(run.items.size(), 7U);
  EXPECT_EQ(run.progress.done_bytes, run.progress.total_bytes);
  EXPECT_EQ(run.progress.done_items, run.progress.total_items);
}

TEST(Restore, SetsModesAndTimesOfEverything) {
  RestoreRun run;
  Node file = run.builder.file("file", {"x"});
  file.mode = 0604 | go_mode::kSetuid;
  Node parts = run.builder.file("parts", {"x", "y"});
  parts.mode = 0;
  parts.mtime = {.seconds = -5, .nanoseconds = 7};  // before 1970
  Node folder = run.builder.dir("folder", {file, parts});
  folder.mode = go_mode::kDir | go_mode::kSticky | 0551U;
  run.restore(run.builder.tree({folder, RepoBuilder::symlink("link", "x")}));
  ASSERT_EQ(run.problems.size(), 0U);
  EXPECT_EQ(run.status("folder").st_mode & 07777U, 01551U);
  EXPECT_EQ(run.status("folder/file").st_mode & 07777U, 04604U);
  EXPECT_EQ(run.status("folder/parts").st_mode & 07777U, 0U);
  EXPECT_EQ(run.status("folder/parts").st_mtim.tv_sec, -5);
  EXPECT_EQ(run.status("folder/parts").st_mtim.tv_nsec, 7);
  for (const char* name : {"folder", "folder/file", "link"}) {
    EXPECT_EQ(run.status(name).st_mtim.tv_sec, 1'600'000'000) << name;
    EXPECT_EQ(run.status(name).st_mtim.tv_nsec, 123'456'789) << name;
    EXPECT_EQ(run.status(name).st_atim.tv_sec, 1'600'000'100) << name;
  }
}

TEST(Restore, SetsOwnersAndDevicesAsRoot) {
  if (!is_root()) GTEST_SKIP() << "needs root";
  RestoreRun run;
  Node file = run.builder.file("file", {"x"});
  file.uid = 12345;
  file.gid = 23456;
  Node link = RepoBuilder::symlink("link", "x");
  link.uid = 12345;
  Node named = run.builder.file("named", {"x"});
  named.uid = 4711;
  named.user = "root";
  Node device = RepoBuilder::node("null", NodeType::char_device,
                                  go_mode::kDevice | go_mode::kCharDevice | 0666U);
  device.device = 259;
  run.request.ownership_by_name = true;
  run.restore(run.builder.tree({file, link, named, device}));
  EXPECT_EQ(run.status("file").st_uid, 12345U);
  EXPECT_EQ(run.status("file").st_gid, 23456U);
  EXPECT_EQ(run.status("link").st_uid, 12345U);
  EXPECT_EQ(run.status("named").st_uid, 0U);
  if (run.problems.empty()) {  // a sandbox may refuse devices
    EXPECT_TRUE(S_ISCHR(run.status("null").st_mode));
    EXPECT_EQ(run.status("null").st_rdev, makedev(1, 3));
  }
}

TEST(Restore, MakesFifosAndSkipsSockets) {
  RestoreRun run;
  run.restore(
      run.builder.tree({RepoBuilder::node("fifo", NodeType::fifo, go_mode::kNamedPipe | 0640U),
                        RepoBuilder::node("socket", NodeType::socket, go_mode::kSocket | 0640U)}));
  EXPECT_EQ(run.problems.size(), 0U);
  EXPECT_TRUE(S_ISFIFO(run.status("fifo").st_mode));
  EXPECT_EQ(run.status("fifo").st_mode & 07777U, 0640U);
  EXPECT_FALSE(run.exists("socket"));
}

TEST(Restore, SetsExtendedAttributesAndRemovesOthers) {
  RestoreRun run;
  Node file = run.builder.file("file", {"x"});
  file.extended_attributes = {{.name = "user.keep", .value = std::string("a\0b", 3)},
                              {.name = "user.empty", .value = ""},
                              {.name = "user.left_out", .value = "x"}};
  run.request.exclude_xattrs.add("user.left*", false);
  run.put("file", "old");
  try {
    set_xattr_at(kCurrentDirectory, run.path("file"), {.name = "user.old", .value = "1"});
    set_xattr_at(kCurrentDirectory, run.path("file"), {.name = "user.left_alone", .value = "1"});
  } catch (const Error&) {
    GTEST_SKIP() << "no extended attributes on this file system";
  }
  run.restore(run.builder.tree({file}));
  EXPECT_EQ(run.problems.size(), 0U);
  std::map<std::string, std::string> found;
  for (const Xattr& xattr : read_xattrs_at(kCurrentDirectory, run.path("file"), false, {})) {
    if (xattr.name.starts_with("user.")) found[xattr.name] = xattr.value;
  }
  EXPECT_EQ(found, (std::map<std::string, std::string>{{"user.keep", std::string("a\0b", 3)},
                                                       {"user.empty", ""},
                                                       {"user.left_alone", "1"}}));
}

TEST(Restore, LinksTheNamesOfOneFileTogether) {
  RestoreRun run;
  const auto linked = [&](const std::string& name) {
    Node file = run.builder.file(name, {"shared"});
    file.links = 3;
    file.inode = 77;
    file.device_id = 5;
    return file;
  };
  Node other = linked("other");  // same inode number on another device
  other.device_id = 6;
  const Id root =
      run.builder.tree({linked("a"), run.builder.dir("d", {linked("b")}), linked("c"), other});
  const RestoreResult result = run.restore(root);
  EXPECT_EQ(run.problems.size(), 0U);
  EXPECT_EQ(run.status("a").st_nlink, 3U);
  EXPECT_EQ(run.status("a").st_ino, run.status("d/b").st_ino);
  EXPECT_EQ(run.status("a").st_ino, run.status("c").st_ino);
  EXPECT_NE(run.status("a").st_ino, run.status("other").st_ino);
  EXPECT_EQ(result.bytes_total, 12U);
  EXPECT_EQ(result.files_restored, 5U);

  EXPECT_EQ(run.restore(root).problems, 0U);  // in place
  EXPECT_EQ(run.status("c").st_nlink, 3U);
  EXPECT_EQ(run.text("c"), "shared");
}

TEST(Restore, JoinsLargePiecesAtAnyOffset) {
  RestoreRun run;
  // Around the length from which pieces bypass the page cache, and shared blocks at every seam.
  const std::vector<std::size_t> lengths = {
      (256U << 10U) - 1,  (256U << 10U) + 1, 1U << 20U, 4095, (1U << 20U) + 4097, 3, 4096,
      (512U << 10U) + 777};
  std::vector<std::string> parts;
  std::string whole;
  for (const std::size_t length : lengths) {
    std::string& part = parts.emplace_back(length, '\0');
    system_random().fill(std::as_writable_bytes(std::span(part)));
    whole += part;
  }
  const Id root = run.builder.tree({run.builder.file("joined", parts)});
  run.restore(root);
  EXPECT_TRUE(run.text("joined") == whole);

  std::string damaged = whole;
  damaged[300000] = static_cast<char>(damaged[300000] + 1);
  write_file_durably(run.path("joined"), as_bytes(damaged), 0640);
  EXPECT_EQ(run.restore(root).problems, 0U);  // in place
  EXPECT_TRUE(run.text("joined") == whole);
}

TEST(Restore, LeavesHolesForZeros) {
  RestoreRun run;
  const std::string zeros(1 << 20, '\0');
  const Id root = run.builder.tree(
      {run.builder.file("many", {zeros, "middle", zeros}), run.builder.file("one", {zeros})});
  run.request.sparse = true;
  run.restore(root);
  EXPECT_EQ(run.text("many"), zeros + "middle" + zeros);
  EXPECT_EQ(run.text("one"), zeros);
  EXPECT_LT(run.status("many").st_blocks * 512, 1 << 18);
  EXPECT_LT(run.status("one").st_blocks * 512, 1 << 18);
}

TEST(Restore, HandlesPathsDeeperThanPathMaxAndAwkwardNames) {
  RestoreRun run;
  const std::string name(255, 'n');
  Id tree = run.builder.tree({run.builder.file("leaf", {"deep"})});
  for (int i = 0; i < 40; ++i) tree = run.builder.tree({run.builder.dir(name, tree)});
  const Id root =
      run.builder.tree({run.builder.dir("deep", tree), run.builder.file("\xff\xfe\n\"", {"odd"})});
  run.request.verify = true;
  const RestoreResult result = run.restore(root);
  EXPECT_EQ(run.problems.size(), 0U);
  EXPECT_EQ(result.files_verified, 2U);
  EXPECT_EQ(run.text("\xff\xfe\n\""), "odd");
}

TEST(Restore, IncludesRestoreWhatMatchesWithItsParents) {
  RestoreRun run;
  const Id root = run.builder.tree(
      {run.builder.dir("a", {run.builder.dir("b", {run.builder.file("x.txt", {"1"}),
                                                   run.builder.file("y.doc", {"2"})})}),
       run.builder.dir("c", {run.builder.file("z.doc", {"3"})})});
  run.request.includes.add("*.txt", false);
  run.restore(root);
  EXPECT_TRUE(run.exists("a/b/x.txt"));
  EXPECT_FALSE(run.exists("a/b/y.doc"));
  EXPECT_FALSE(run.exists("c"));
  EXPECT_EQ(run.status("a").st_mtim.tv_sec, 1'600'000'000);
  EXPECT_EQ(run.status("a").st_mode & 0777U, 0750U);
}

TEST(Restore, PatternsThatMatchNothingAreNamed) {
  RestoreRun run;
  const Id root = run.builder.tree({run.builder.dir("a", {run.builder.file("letter.txt", {"x"})})});
  run.request.includes.add("*.txt", false);
  run.request.includes.add("letter*", false);  // what it matches, another one has matched before
  run.request.includes.add("*.PDF", true);
  run.request.includes.add("/b", false);
  run.request.includes.add("!*.doc", false);
  run.restore(root);
  ASSERT_EQ(run.notices.size(), 2U);
  EXPECT_TRUE(run.notices[0].ends_with("*.PDF") || run.notices[1].ends_with("*.PDF"));
  EXPECT_TRUE(run.notices[0].ends_with("/b") || run.notices[1].ends_with("/b"));
  run.notices.clear();
  run.request.includes = {};
  run.request.includes.add("leter.txt", false);
  run.restore(root);
  ASSERT_EQ(run.notices.size(), 2U);
  EXPECT_TRUE(run.notices[1].starts_with("Nothing was restored.")) << run.notices[1];
}

TEST(Restore, ExcludesLeaveOut) {
  RestoreRun run;
  const Id root = run.builder.tree(
      {run.builder.dir("a", {run.builder.file("x.tmp", {"1"}), run.builder.file("y", {"2"})}),
       run.builder.dir("cache", {run.builder.file("z", {"3"})})});
  run.request.excludes.add("*.tmp", false);
  run.request.excludes.add("/cache", false);
  EXPECT_EQ(run.restore(root).files_total, 2U);
  EXPECT_TRUE(run.exists("a/y"));
  EXPECT_FALSE(run.exists("a/x.tmp"));
  EXPECT_FALSE(run.exists("cache"));
}

TEST(Restore, DryRunTouchesNothingAndCountsEverything) {
  RestoreRun run;
  Node second = run.builder.file("same", {"kept"});
  const Id root =
      run.builder.tree({run.builder.dir("new", {run.builder.file("f", {"abc"})}), second,
                        run.builder.file("differs", {"abc"}), RepoBuilder::symlink("link", "x")});
  run.dry_run = true;
  RestoreResult result = run.restore(root);
  EXPECT_FALSE(std::filesystem::exists(run.target()));
  EXPECT_EQ(result.files_restored, 5U);

  run.put("same", "kept");
  run.put("differs", "xyz");
  run.put("extra/deep/file", "x");
  run.request.delete_extra = true;
  result = run.restore(root);
  EXPECT_EQ(run.text("differs"), "xyz");
  EXPECT_FALSE(run.exists("new"));
  EXPECT_FALSE(run.exists("link"));
  EXPECT_TRUE(run.exists("extra/deep/file"));
  EXPECT_EQ(run.items["/same"], RestoreAction::unchanged);
  EXPECT_EQ(run.items["/differs"], RestoreAction::updated);
  EXPECT_EQ(run.items["/new/f"], RestoreAction::restored);
  EXPECT_EQ(run.items["/extra"], RestoreAction::deleted);
  EXPECT_EQ(result.files_deleted, 3U);
}

TEST(Restore, VerifiesWhatItWrote) {
  RestoreRun run;
  const Id root = run.builder.tree(
      {run.builder.dir("a", {run.builder.file("one", {"hello"}), run.builder.file("none", {})}),
       run.builder.file("parts", {"x", "yy"}), RepoBuilder::symlink("link", "parts")});
  run.request.verify = true;
  EXPECT_EQ(run.restore(root).files_verified, 3U);
  EXPECT_EQ(run.restore(root).files_verified, 3U);  // unchanged ones too
  EXPECT_EQ(run.problems.size(), 0U);
}

TEST(Restore, ManyFilesOfManyPartsNeedFewDescriptors) {
  RestoreRun run;
  Tree nodes;
  const std::vector<std::string> parts = {"part 0", "part 1", "part 2"};
  for (int i = 0; i < 2000; ++i) nodes.push_back(run.builder.file(std::to_string(i), parts));
  const RestoreResult result = run.restore(run.builder.tree(nodes));
  EXPECT_EQ(run.problems.size(), 0U);
  EXPECT_EQ(result.files_restored, 2000U);
  EXPECT_EQ(run.text("1999"), "part 0part 1part 2");
}

TEST(Restore, RefusesToEmptyTheSystem) {
  RestoreRun run;
  const Id root = run.builder.tree({});
  run.builder.start_packs();
  const auto index = load_index(run.builder.repository(), {});
  const BlobReader reader(run.builder.repository(), *index);
  RestoreRequest request;
  request.tree = root;
  request.target = "/";
  request.delete_extra = true;
  EXPECT_THROW(plan_restore(reader, request, {}, run.progress, {}), Error);
}

TEST(Restore, StopsWhenAsked) {
  RestoreRun run;
  const Id root = run.builder.tree({run.builder.file("a", {"x"})});
  run.builder.start_packs();
  const auto index = load_index(run.builder.repository(), {});
  const BlobReader reader(run.builder.repository(), *index);
  RestoreRequest request;
  request.tree = root;
  request.target = run.target();
  std::stop_source stop;
  stop.request_stop();
  EXPECT_THROW(run_restore(reader, request, {}, run.progress, stop.get_token()), Interrupted);
}

TEST(Restore, OverwriteNamesAreThoseOfTheCommandLine) {
  EXPECT_EQ(parse_overwrite("always"), Overwrite::always);
  EXPECT_EQ(parse_overwrite("if-changed"), Overwrite::if_changed);
  EXPECT_EQ(parse_overwrite("if-newer"), Overwrite::if_newer);
  EXPECT_EQ(parse_overwrite("never"), Overwrite::never);
  EXPECT_EQ(parse_overwrite("sometimes"), std::nullopt);
}

}  // namespace
}  // namespace medsave
