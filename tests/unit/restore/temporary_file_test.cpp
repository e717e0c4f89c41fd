#include "temporary_file.hpp"

#include "restore_run.hpp"

#include <gtest/gtest.h>

#include <sys/stat.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace medsave {
namespace {

using test::FaultyBackend;
using test::RepoBuilder;
using test::RestoreRun;

std::string temporary_path(const RestoreRun& run, const std::string& name) {
  return run.path(unfinished_name(name));
}

/// A restore with the option.
class WholeFilesRun : public RestoreRun {
 public:
  WholeFilesRun() { request.under_temporary_names = true; }
};

TEST(UnderTemporaryNames, FilesArriveWholeAndNothingElseIsLeft) {
  WholeFilesRun run;
  const Id root = run.builder.tree(
      {run.builder.file("new", {"aaaa"}), run.builder.file("parts", {"aaaa", "bb", "aaaa"}),
       run.builder.file("changed", {"aaaa", "bbbbbb", "cc"}), run.builder.file("same", {"s"}),
       run.builder.file("longer", {"l"}), run.builder.file("empty", {}),
       run.builder.dir("folder", {run.builder.file("f", {"y", "z"})})});
  run.put("changed", "aaaaXXXXXXcc");
  run.put("same", "s");
  run.put("longer", "l and more");
  const ino_t changed = run.status("changed").st_ino;
  const ino_t same = run.status("same").st_ino;
  run.request.sync = true;
  const RestoreResult result = run.restore(root);
  EXPECT_EQ(run.problems.size(), 0U);
  EXPECT_EQ(run.text("new"), "aaaa");
  EXPECT_EQ(run.text("parts"), "aaaabbaaaa");
  EXPECT_EQ(run.text("changed"), "aaaabbbbbbcc");
  EXPECT_EQ(run.text("longer"), "l");
  EXPECT_EQ(run.text("folder/f"), "yz");
  EXPECT_NE(run.status("changed").st_ino, changed);  // it was written beside what was there
  EXPECT_EQ(run.status("same").st_ino, same);
  EXPECT_EQ(run.status("changed").st_mode & 07777U, 0640U);
  EXPECT_EQ(run.status("changed").st_mtim.tv_sec, 1'600'000'000);
  EXPECT_EQ(run.items["/changed"], RestoreAction::updated);
  EXPECT_EQ(result.bytes_restored, result.bytes_total);
  std::size_t entries = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(run.target())) {
    ++entries;
  }
  EXPECT_EQ(entries, 7U);
}

TEST(UnderTemporaryNames, WhatIsThereStaysWholeWhereTheSnapshotIsDamaged) {
  WholeFilesRun run;
  run.builder.data("second");
  run.builder.start_packs();
  const std::vector<ListedFile> with_second = run.store.list(FileKind::pack);
  const Id root = run.builder.tree(
      {run.builder.file("f", {"first ", "second"}), run.builder.file("new", {"first ", "second"})});
  for (const ListedFile& pack : with_second) {
    test::damage(run.store, {.kind = FileKind::pack, .id = pack.id},
                 [](Buffer& content) { content.data()[0] ^= std::byte{1}; });
  }
  run.put("f", "what was there");
  run.restore(root);
  EXPECT_EQ(run.problems.size(), 2U);
  EXPECT_EQ(run.text("f"), "what was there");
  EXPECT_FALSE(run.exists(unfinished_name("f")));
  EXPECT_EQ(run.text("new").substr(0, 6), "first ");  // better than nothing, and marked
  EXPECT_EQ(run.status("new").st_mode & 07777U, kUnfinished);
  EXPECT_FALSE(run.exists(unfinished_name("new")));
}

TEST(UnderTemporaryNames, WhereverARestoreEndsANameLeadsToTheOldOrToAllOfTheNew) {
  WholeFilesRun run;
  const std::string old = "what was there";
  const std::string saved = std::string(3000, 'a') + std::string(3000, 'b');
  run.builder.data(saved.substr(0, 3000));
  run.builder.start_packs();
  const Id root =
      run.builder.tree({run.builder.file("f", {saved.substr(0, 3000), saved.substr(3000)})});
  run.builder.start_packs();
  unsigned old_ones = 0;
  for (unsigned n = 1; n < 1000; ++n) {
    SCOPED_TRACE(n);
    auto backend =
        std::make_unique<FaultyBackend>(run.store, n, Error(Errc::unreachable, "gone"), true);
    const FaultyBackend& faulty = *backend;
    std::filesystem::remove_all(run.target());
    run.put("f", old);
    try {
      const auto repository = RepoBuilder::open(std::move(backend));
      run.restore(root, *repository);
      if (!faulty.fired()) break;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Errc::unreachable) << e.what();
    }
    const std::string now = run.text("f");
    EXPECT_TRUE(now == old || now == saved);
    if (now == old) ++old_ones;
    EXPECT_FALSE(run.exists(unfinished_name("f")));
  }
  EXPECT_GT(old_ones, 3U);
  EXPECT_TRUE(run.text("f") == saved);
}

TEST(UnderTemporaryNames, WhatAKilledRestoreLeftGoesAndOtherFilesStay) {
  WholeFilesRun run;
  const Id root = run.builder.tree({run.builder.file("f", {"aaaa"}), run.builder.file("g", {"g"})});
  run.put(unfinished_name("f"), "half");
  ASSERT_EQ(::chmod(temporary_path(run, "f").c_str(), kUnfinished), 0);
  run.put(unfinished_name("g"), "somebody's");
  run.restore(root);
  EXPECT_EQ(run.text("f"), "aaaa");
  EXPECT_FALSE(run.exists(unfinished_name("f")));
  EXPECT_EQ(run.text(unfinished_name("g")), "somebody's");
  EXPECT_FALSE(run.exists("g"));
  ASSERT_EQ(run.problems.size(), 1U);
  EXPECT_EQ(run.problems.front().path, "/g");
}

TEST(UnderTemporaryNames, FurtherNamesAndVerificationFindTheFile) {
  WholeFilesRun run;
  const auto linked = [&](const std::string& name) {
    Node file = run.builder.file(name, {"shared ", "content"});
    file.links = 2;
    file.inode = 77;
    return file;
  };
  run.request.verify = true;
  const RestoreResult result = run.restore(run.builder.tree({linked("a"), linked("b")}));
  EXPECT_EQ(run.problems.size(), 0U);
  EXPECT_EQ(run.status("a").st_ino, run.status("b").st_ino);
  EXPECT_EQ(run.text("b"), "shared content");
  EXPECT_EQ(result.files_verified, 1U);
}

TEST(UnderTemporaryNames, OtherKindsOfEntriesMakeWay) {
  WholeFilesRun run;
  const Id root = run.builder.tree(
      {run.builder.file("folder", {"x"}), run.builder.file("full", {"y", "z"}),
       run.builder.file("link", {"y", "z"}), run.builder.file("names", {"n", "m"})});
  std::filesystem::create_directories(run.path("folder"));
  run.put("full/inside", "kept");
  std::filesystem::create_symlink("/etc/passwd", run.path("link"));
  run.put("names", "old");
  std::filesystem::create_hard_link(run.path("names"), run.path("other"));
  run.restore(root);
  EXPECT_EQ(run.text("folder"), "x");
  EXPECT_EQ(run.text("full/inside"), "kept");
  EXPECT_EQ(run.text("link"), "yz");
  EXPECT_EQ(run.text("names"), "nm");
  EXPECT_EQ(run.text("other"), "old");
  ASSERT_EQ(run.problems.size(), 1U);
  EXPECT_EQ(run.problems.front().path, "/full");
  EXPECT_FALSE(run.exists(unfinished_name("full")));
}

TEST(UnderTemporaryNames, AnEntryThatIsCalledLikeOneStays) {
  WholeFilesRun run;
  const auto link = [&](const std::string& name) {
    Node node = RepoBuilder::node(name, NodeType::symlink, go_mode::kSymlink | 0777U);
    node.link_target = name;
    return node;
  };
  run.put("f", "old");
  const Id root =
      run.builder.tree({run.builder.file(unfinished_name("f"), {"saved ", "so"}),
                        link(unfinished_name("l")), run.builder.file("f", {"a", "b"}), link("l")});
  for (int time = 0; time < 2; ++time) {
    run.restore(root);
    EXPECT_EQ(run.problems.size(), 0U);
    EXPECT_EQ(run.text("f"), "ab");
    EXPECT_EQ(run.text(unfinished_name("f")), "saved so");
    EXPECT_TRUE(std::filesystem::is_symlink(run.path("l")));
    EXPECT_TRUE(std::filesystem::is_symlink(run.path(unfinished_name("l"))));
    EXPECT_FALSE(run.exists(unfinished_name("f", 1)));
  }
}

}  // namespace
}  // namespace medsave
