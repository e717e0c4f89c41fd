#include "restore_run.hpp"

#include "medsave/repo/index_load.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace medsave {
namespace {

using test::FaultyBackend;
using test::RepoBuilder;
using test::RestoreRun;

std::string filled(char c) { return std::string(3000, c); }

/// Files of one and of several parts in packs of their own, and their contents.
struct Sample {
  std::map<std::string, std::string> contents = {};
  Id root = {};

  explicit Sample(RepoBuilder& builder) {
    Tree nodes;
    for (int i = 0; i < 4; ++i) {
      const std::string own = filled(static_cast<char>('a' + i)) + "own";
      nodes.push_back(builder.file("single" + std::to_string(i), {own}));
      contents["single" + std::to_string(i)] = own;
      nodes.push_back(builder.file("parts" + std::to_string(i), {filled('p'), own, filled('q')}));
      contents["parts" + std::to_string(i)] = filled('p') + own + filled('q');
      builder.start_packs();
    }
    root = builder.tree(nodes);
    builder.start_packs();
  }
};

bool reported(const RestoreRun& run, const std::string& name) {
  return std::ranges::any_of(
      run.problems, [&](const RestoreProblem& problem) { return problem.path == "/" + name; });
}

/// Every file is there with its content, or reported.
void expect_right_or_reported(const RestoreRun& run, const Sample& sample) {
  if (std::ranges::any_of(run.problems, [](const auto& p) { return p.path == "/"; })) return;
  for (const auto& file : sample.contents) {
    if (reported(run, file.first)) continue;
    ASSERT_TRUE(run.exists(file.first)) << file.first;
    EXPECT_TRUE(run.text(file.first) == file.second) << file.first;
  }
}

TEST(RestoreDamage, EveryFlippedByteOfAPackIsHarmlessOrReported) {
  RestoreRun run;
  const Sample sample(run.builder);
  unsigned reported_runs = 0;
  for (const ListedFile& pack : run.store.list(FileKind::pack)) {
    for (std::uint64_t at = 0; at < pack.size; at += 23) {
      Buffer good;
      run.store.load({.kind = FileKind::pack, .id = pack.id}, ~0ULL, good);
      test::damage(run.store, {.kind = FileKind::pack, .id = pack.id}, [&](Buffer& content) {
        content.data()[at] ^= static_cast<std::byte>(1U << (at % 8));
      });
      std::filesystem::remove_all(run.target());
      run.restore(sample.root);
      if (!run.problems.empty()) ++reported_runs;
      expect_right_or_reported(run, sample);
      run.store.overwrite({.kind = FileKind::pack, .id = pack.id}, std::move(good));
    }
  }
  EXPECT_GT(reported_runs, 20U);
}

TEST(RestoreDamage, AFileDoesNotGoForAFolderWhoseListCannotBeRead) {
  RestoreRun run;
  Node folder = run.builder.dir("folder", {run.builder.file("f", {"x"})});
  folder.subtree = Id::parse(std::string(64, '7'));
  const Id root = run.builder.tree({folder});
  run.put("folder", "a file");
  for (const bool dry_run : {true, false}) {
    run.dry_run = dry_run;
    run.restore(root);
    EXPECT_EQ(run.problems.size(), 1U);
    EXPECT_EQ(run.text("folder"), "a file");
  }
}

TEST(RestoreDamage, TheMissingRangeIsNamedAndThePartialFileLooksUnfinished) {
  RestoreRun run;
  const std::string first = filled('1');
  const Node file = run.builder.file("f", {first});
  run.builder.start_packs();
  Node whole = run.builder.file("f", {first, "lost", filled('3')});
  run.builder.start_packs();
  const Id root = run.builder.tree({whole});
  run.builder.start_packs();
  // The second pack made holds "lost" and what follows it.
  const auto index = load_index(run.builder.repository(), {});
  const auto location = index->find({.kind = BlobKind::data, .id = whole.content[1]});
  test::damage(run.store, {.kind = FileKind::pack, .id = location->pack},
               [&](Buffer& content) { content.data()[location->offset + 20] ^= std::byte{1}; });
  const RestoreResult result = run.restore(root);
  EXPECT_EQ(result.files_restored, 0U);
  ASSERT_EQ(run.problems.size(), 1U);
  EXPECT_NE(run.problems[0].message.find("3000"), std::string::npos) << run.problems[0].message;
  EXPECT_NE(run.problems[0].message.find("3004"), std::string::npos) << run.problems[0].message;
  EXPECT_EQ(run.text("f").substr(0, 3000), first);
  EXPECT_EQ(run.text("f").substr(3004), filled('3'));
  EXPECT_NE(run.status("f").st_mtim.tv_sec, 1'600'000'000);
}

TEST(RestoreDamage, BlobsMissingFromTheIndexLeaveTheRestOfTheFile) {
  RestoreRun run;
  Node file = run.builder.file("f", {"head", "tail"});
  file.content.insert(file.content.begin() + 1, *Id::parse(std::string(64, '7')));
  file.size = 18;
  Node linked = file;
  linked.name = "g";
  linked.links = file.links = 2;
  linked.inode = file.inode = 9;
  run.restore(run.builder.tree({file, linked}));
  EXPECT_TRUE(reported(run, "f"));
  EXPECT_TRUE(reported(run, "g"));
  const std::string name = run.exists("f") ? "f" : "g";
  EXPECT_EQ(run.text(name), "head" + std::string(10, '\0') + "tail");
}

TEST(RestoreDamage, AnotherCopyOfABlobIsUsed) {
  MemBackend other_store;
  RestoreRun run;
  const Node file = run.builder.file("f", {filled('a')});
  const Id root = run.builder.tree({file});
  run.builder.start_packs();
  // A writer that knows of no index stores everything once more.
  Index nothing;
  BlobWriter again(run.builder.repository(), nothing, {}, {});
  again.save(BlobKind::data, as_bytes(filled('a')));
  again.save(BlobKind::data, as_bytes("something else, so that the pack has another name"));
  again.finish();
  const auto index = load_index(run.builder.repository(), {});
  const auto copies = index->find_all({.kind = BlobKind::data, .id = file.content[0]});
  ASSERT_EQ(copies.size(), 2U);
  for (const BlobLocation& bad : copies) {
    Buffer good;
    const FileRef pack = {.kind = FileKind::pack, .id = bad.pack};
    run.store.load(pack, ~0ULL, good);
    run.store.remove(pack);
    std::filesystem::remove_all(run.target());
    EXPECT_EQ(run.restore(root).problems, 0U);
    EXPECT_EQ(run.text("f"), filled('a'));
    run.store.overwrite(pack, std::move(good));
  }
}

TEST(RestoreDamage, EachFailingRequestIsReportedOrMadeUpFor) {
  RestoreRun run;
  const Sample sample(run.builder);
  for (unsigned n = 1;; ++n) {
    SCOPED_TRACE(n);
    auto backend = std::make_unique<FaultyBackend>(run.store, n, Error(Errc::io, "injected"));
    const FaultyBackend& faulty = *backend;
    std::filesystem::remove_all(run.target());
    try {
      const auto repository = RepoBuilder::open(std::move(backend));
      run.restore(sample.root, *repository);
      expect_right_or_reported(run, sample);
      if (!faulty.fired()) {
        EXPECT_EQ(run.problems.size(), 0U);
        break;
      }
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Errc::io) << e.what();  // opening or loading the index
    }
  }
}

}  // namespace
}  // namespace medsave
