#include "restore_run.hpp"
#include "support/matchers.hpp"

#include "medsave/snap/tree_walker.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace medsave {
namespace {

using test::RepoBuilder;
using test::RestoreRun;

TEST(HostileTree, NamesThatLeadOutAreRefused) {
  for (const std::string& name :
       {std::string("../outside"), std::string(".."), std::string("."), std::string(""),
        std::string("/tmp/medsave-hostile"), std::string("a/../../outside"), std::string("x\0y", 3),
        std::string(5000, 'n')}) {
    RestoreRun run;
    Node folder = run.builder.dir(name, {run.builder.file("outside", {"evil"})});
    const Id root = run.builder.tree({run.builder.file(name, {"evil"}),
                                      run.builder.dir("d", {folder}), run.builder.file("ok", {})},
                                     false);
    const RestoreResult result = run.restore(root);
    EXPECT_EQ(result.problems, 2U) << name;
    EXPECT_TRUE(run.exists("ok")) << name;
    EXPECT_TRUE(run.strays().empty()) << name;
    EXPECT_FALSE(std::filesystem::exists("/tmp/medsave-hostile"));
  }
}

TEST(HostileTree, ASecondEntryOfTheSameNameIsRefused) {
  RestoreRun run;
  std::filesystem::create_directory(run.outside());
  const Id root = run.builder.tree({RepoBuilder::symlink("d", run.outside()),
                                    run.builder.dir("d", {run.builder.file("f", {"evil"})})},
                                   false);
  run.restore(root);
  ASSERT_EQ(run.problems.size(), 1U);
  EXPECT_EQ(run.problems[0].path, "/d");
  EXPECT_TRUE(std::filesystem::is_empty(run.outside()));

  const Id reversed = run.builder.tree({run.builder.dir("e", {run.builder.file("f", {"fine"})}),
                                        RepoBuilder::symlink("e", run.outside())},
                                       false);
  run.restore(reversed);
  EXPECT_EQ(run.problems.size(), 1U);
  EXPECT_EQ(run.text("e/f"), "fine");
}

TEST(HostileTree, SymlinksInTheTargetAreNotFollowed) {
  RestoreRun run;
  std::filesystem::create_directories(run.outside());
  std::filesystem::create_directories(run.target());
  std::filesystem::create_directory_symlink(run.outside(), run.path("d"));
  std::filesystem::create_symlink(run.outside() + "/victim", run.path("f"));
  const Id root = run.builder.tree(
      {run.builder.dir("d", {run.builder.file("x", {"1"})}), run.builder.file("f", {"2", "3"})});
  run.restore(root);
  EXPECT_EQ(run.problems.size(), 0U);
  EXPECT_TRUE(std::filesystem::is_empty(run.outside()));
  EXPECT_TRUE(S_ISDIR(run.status("d").st_mode));
  EXPECT_EQ(run.text("d/x"), "1");
  EXPECT_EQ(run.text("f"), "23");
}

TEST(HostileTree, SwappingFoldersForSymlinksWhileRestoringLeadsNowhere) {
  RestoreRun run;
  std::filesystem::create_directories(run.outside());
  std::filesystem::create_directories(run.target());
  Tree dirs;
  for (int i = 0; i < 300; ++i) {
    dirs.push_back(run.builder.dir("d" + std::to_string(i),
                                   {run.builder.file("f", {"x" + std::to_string(i)}),
                                    run.builder.file("g", {"a", std::to_string(i)})}));
  }
  const Id root = run.builder.tree(dirs);
  std::atomic<bool> done = false;
  std::thread attacker([&] {
    while (!done) {
      for (int i = 0; i < 300 && !done; ++i) {
        std::error_code ignored;
        const std::string dir = run.path("d" + std::to_string(i));
        std::filesystem::rename(dir, run.path("moved" + std::to_string(i)), ignored);
        if (!ignored) std::filesystem::create_directory_symlink(run.outside(), dir, ignored);
      }
    }
  });
  run.restore(root);
  done = true;
  attacker.join();
  EXPECT_TRUE(std::filesystem::is_empty(run.outside()));
}

TEST(HostileTree, AbsurdDepthEndsWithAProblem) {
  RestoreRun run;
  Id tree = run.builder.tree({});
  for (unsigned i = 0; i < kMaxTreeDepth + 5; ++i) {
    tree = run.builder.tree({run.builder.dir("d", tree)});
  }
  run.restore(tree);
  EXPECT_EQ(run.problems.size(), 1U);
}

TEST(HostileTree, MoreFoldersThanFitIntoMemoryAreAnError) {
  RestoreRun run;
  const Id root = run.builder.lattice(40, {run.builder.file("f", {"x"})});
  run.request.memory = 1'000'000;
  run.dry_run = true;
  EXPECT_THAT([&] { run.restore(root); }, test::throws_errc(Errc::unsupported));
  EXPECT_TRUE(run.problems.empty());
  run.dry_run = false;
  EXPECT_THAT([&] { run.restore(root); }, test::throws_errc(Errc::unsupported));
}

TEST(HostileTree, BrokenNodesAreReportedAndTheRestIsRestored) {
  RestoreRun run;
  Node without = RepoBuilder::dir("no_list", Id{});
  without.subtree.reset();
  const Id root = run.builder.tree(
      {without, RepoBuilder::dir("lost", *Id::parse(std::string(64, '7'))),
       RepoBuilder::dir("garbage", run.builder.raw_tree("{\"nodes\":[{]}")),
       RepoBuilder::node("odd", NodeType::irregular, 0644), run.builder.file("ok", {"fine"})});
  run.restore(root);
  EXPECT_EQ(run.problems.size(), 4U);
  EXPECT_EQ(run.text("ok"), "fine");
}

TEST(HostileTree, AFileSaidToBeLargerThanItsContentIsReported) {
  RestoreRun run;
  Node file = run.builder.file("f", {"abc"});
  file.size = 1ULL << 60;
  run.restore(run.builder.tree({file}));
  EXPECT_EQ(run.problems.size(), 1U);
  EXPECT_EQ(run.text("f"), "abc");
}

}  // namespace
}  // namespace medsave
