#include "maintain_setup.hpp"

#include "medsave/crypto/sha256.hpp"
#include "medsave/maintain/copier.hpp"
#include "medsave/maintain/index_repair.hpp"
#include "medsave/repo/index_load.hpp"
#include "medsave/repo/reliable_index.hpp"
#include "medsave/snap/wrong_clock.hpp"

#include <algorithm>

namespace medsave {
namespace {

using test::Files;
using test::RepoBuilder;

std::string filled(char c) { return std::string(5000, c); }

/// Three snapshots, the last of which shares half of its data with the first.
struct Source {
  MemBackend store = {};
  RepoBuilder builder = RepoBuilder(store);
  std::vector<Files> files = {};

  Source() {
    for (const char c : {'a', 'b', 'a'}) {
      const std::string name = "n" + std::to_string(files.size());
      builder.snapshot(builder.tree({builder.dir("d", Tree{builder.file("x", {filled(c)})}),
                                     builder.file(name, {filled(c), name})}));
      files.push_back({{"/d/", ""}, {"/d/x", filled(c)}, {"/" + name, filled(c) + name}});
    }
  }
};

CopyReport copy(const Repository& source, const Repository& target, bool recompress = false,
                const std::stop_token& stop = {}) {
  CopyRequest request{.snapshots = test::snapshots_of(source),
                      .existing = test::snapshots_of(target),
                      .recompress = recompress};
  const auto source_index = load_index(source, {});
  const auto target_index = load_index(target, {});
  Progress progress;
  return copy_snapshots({source, *source_index}, {target, *target_index}, request, {}, progress,
                        stop);
}

/// Every snapshot of the target must be whole.
std::size_t expect_whole(const Repository& target, const Source& source) {
  const auto all = test::snapshots_of(target);
  for (const SnapshotEntry& entry : all) {
    const auto day = static_cast<std::size_t>(entry.snapshot.time.instant.seconds % 10);
    EXPECT_EQ(test::read_files(target, entry.snapshot.tree), source.files.at(day));
  }
  return all.size();
}

TEST(Copy, ASnapshotThatListsANameTwiceStaysBehind) {
  Source source;
  const Id twice = source.builder.tree(
      {source.builder.file("f", {"a"}), source.builder.file("f", {"b"})}, false);
  const Id root = source.builder.tree({RepoBuilder::dir("twice", twice)});
  source.builder.snapshot(root);
  source.builder.snapshot(root);
  MemBackend store;
  RepoBuilder target(store);
  const auto from = test::open(source.store);
  for (int i = 0; i < 2; ++i) {  // the second time, the target may have the folder list
    const CopyReport report = copy(*from, target.repository());
    EXPECT_EQ(report.damaged.size(), 2U);
    EXPECT_EQ(expect_whole(target.repository(), source), 3U);
  }
}

TEST(Copy, FoldersThatHoldEachOtherTwiceAreCopiedOnce) {
  MemBackend from;
  RepoBuilder builder(from);
  builder.snapshot(builder.lattice(40, {builder.file("f", {"x"})}));
  MemBackend to;
  const RepoBuilder target(to);
  EXPECT_EQ(copy(builder.repository(), target.repository()).copied, 1U);
  EXPECT_EQ(test::snapshots_of(target.repository()).size(), 1U);
}

TEST(Copy, TakesEverythingAndTheSecondTimeNothing) {
  for (const std::uint32_t version : {1U, 2U}) {
    for (const bool recompress : {false, true}) {
      const Source source;
      MemBackend store;
      const RepoBuilder target(store, version);
      const CopyReport report = copy(source.builder.repository(), target.repository(), recompress);
      EXPECT_EQ(report.copied, 3U);
      EXPECT_EQ(report.stored.data_blobs, 5U);
      EXPECT_EQ(expect_whole(target.repository(), source), 3U);
      for (const SnapshotEntry& entry : test::snapshots_of(target.repository())) {
        EXPECT_TRUE(entry.snapshot.original);
      }
      const CopyReport again = copy(source.builder.repository(), target.repository());
      EXPECT_EQ(again.copied, 0U);
      EXPECT_EQ(again.skipped, 3U);
      EXPECT_EQ(again.stored.data_blobs, 0U);
    }
  }
}

TEST(Copy, ShowsWhichSnapshotWasMadeWithAClockBehind) {
  MemBackend from;
  RepoBuilder builder(from);
  const Id root = builder.tree({builder.file("f", {"x"})});
  Snapshot snapshot;
  snapshot.tree = root;
  snapshot.paths = {"/data"};
  snapshot.parent = builder.snapshot(root);
  snapshot.time = {.instant = {.seconds = 1'600'000'000, .nanoseconds = 0}, .offset_seconds = 0};
  builder.repository().save_json(FileKind::snapshot, encode_snapshot(snapshot));
  MemBackend to;
  const RepoBuilder target(to);
  EXPECT_EQ(copy(builder.repository(), target.repository()).copied, 2U);
  for (const Repository* repository : {&builder.repository(), &target.repository()}) {
    const std::vector<SnapshotEntry> all = test::snapshots_of(*repository);
    EXPECT_EQ(made_with_clock_behind(all), std::set<Id>{all.front().id});
  }
}

TEST(Copy, StoresAgainWhatTheTargetHasLost) {
  const Source source;
  MemBackend store;
  { const RepoBuilder target(store); }
  {
    const auto target = test::open(store);
    copy(source.builder.repository(), *target);
  }
  for (const ListedFile& pack : store.list(FileKind::pack)) {
    store.remove({.kind = FileKind::pack, .id = pack.id});
  }
  const auto target = test::open(store);
  const ReliableIndex index = load_reliable_index(*target, {});
  EXPECT_FALSE(index.absent_packs.empty());
  const auto source_index = load_index(source.builder.repository(), {});
  Progress progress;
  const CopyReport report =
      copy_snapshots({source.builder.repository(), *source_index}, {*target, *index.index},
                     {.snapshots = test::snapshots_of(source.builder.repository()),
                      .existing = test::snapshots_of(*target)},
                     {}, progress, {});
  EXPECT_EQ(report.copied, 0U);
  EXPECT_EQ(report.skipped, 3U);
  EXPECT_EQ(expect_whole(*test::open(store), source), 3U);
}

TEST(Copy, AnUncompressedSourceIsCompressed) {
  MemBackend first;
  RepoBuilder source(first, 1);
  source.snapshot(source.tree({source.file("f", {filled('a')})}));
  MemBackend second;
  const RepoBuilder target(second);
  EXPECT_EQ(copy(source.repository(), target.repository()).copied, 1U);
  EXPECT_LT(second.list(FileKind::pack).at(0).size, 1000U);
}

TEST(Copy, BackAndForthIsNotCopiedAgain) {
  const Source source;
  MemBackend store;
  const RepoBuilder target(store);
  copy(source.builder.repository(), target.repository());
  EXPECT_EQ(copy(target.repository(), source.builder.repository()).skipped, 3U);
}

TEST(Copy, StoresAgainWhatTheTargetsIndexNoLongerNames) {
  const Source source;
  const auto source_index = load_index(source.builder.repository(), {});
  MemBackend whole;
  {
    const RepoBuilder target(whole);
    copy(source.builder.repository(), target.repository());
  }
  for (const ListedFile& pack : whole.list(FileKind::pack)) {
    MemBackend store;
    test::copy_store(whole, store);
    store.remove({.kind = FileKind::pack, .id = pack.id});
    {
      const auto target = test::open(store);
      Progress progress;
      repair_index(*target, {}, {}, progress, {});
    }
    const CopyReport report = copy(source.builder.repository(), *test::open(store));
    EXPECT_EQ(report.copied, 0U);
    EXPECT_EQ(report.skipped, 3U);
    EXPECT_GT(report.mended, 0U);
    EXPECT_EQ(expect_whole(*test::open(store), source), 3U);
    const CopyReport again = copy(source.builder.repository(), *test::open(store));
    EXPECT_EQ(again.mended, 0U);
    EXPECT_EQ(again.stored.data_blobs + again.stored.tree_blobs, 0U);
  }
}

void damage_blob(Source& source, const BlobRef& blob) {
  const auto index = load_index(source.builder.repository(), {});
  const auto at = index->find(blob);
  test::damage(source.store, {.kind = FileKind::pack, .id = at->pack},
               [&](Buffer& content) { content.data()[at->offset + 20] ^= std::byte{1}; });
}

TEST(Copy, ADamagedBlobKeepsItsSnapshotBackAndNoOther) {
  Source source;
  damage_blob(source, {.kind = BlobKind::data, .id = sha256(as_bytes(filled('b')))});
  MemBackend store;
  const RepoBuilder target(store);
  const CopyReport report = copy(source.builder.repository(), target.repository());
  EXPECT_EQ(report.copied, 2U);
  EXPECT_EQ(report.damaged, std::vector{test::snapshots_of(source.builder.repository()).at(1).id});
  EXPECT_EQ(expect_whole(target.repository(), source), 2U);
}

/// The folder that the first and the last snapshot share.
BlobRef shared_tree(const Source& source) {
  const auto index = load_index(source.builder.repository(), {});
  const BlobReader reader(source.builder.repository(), *index);
  const Tree root =
      load_tree(reader, test::snapshots_of(source.builder.repository()).at(0).snapshot.tree);
  return {.kind = BlobKind::tree, .id = *root.at(0).subtree};
}

TEST(Copy, ADamagedFolderKeepsAllBackThatShareIt) {
  Source source;
  damage_blob(source, shared_tree(source));
  MemBackend store;
  const RepoBuilder target(store);
  const CopyReport report = copy(source.builder.repository(), target.repository());
  EXPECT_EQ(report.copied, 1U);
  EXPECT_EQ(report.damaged.size(), 2U);
  EXPECT_EQ(expect_whole(target.repository(), source), 1U);
}

TEST(Copy, WhatTheSourceHasLostAndTheTargetHasIsNoDamage) {
  Source source;
  MemBackend store;
  const RepoBuilder target(store);
  copy(source.builder.repository(), target.repository());
  damage_blob(source, shared_tree(source));
  damage_blob(source, {.kind = BlobKind::data, .id = sha256(as_bytes(filled('b')))});
  const CopyReport report = copy(source.builder.repository(), target.repository());
  EXPECT_EQ(report.skipped, 3U);
  EXPECT_EQ(report.damaged.size(), 0U);
  EXPECT_EQ(expect_whole(target.repository(), source), 3U);
}

TEST(Copy, ABlobThatNoIndexNamesKeepsItsSnapshotBack) {
  Source source;
  const Id lost = *Id::parse(std::string(64, '7'));
  Node file = source.builder.file("f", {filled('a')});
  file.content.push_back(lost);
  source.builder.snapshot(source.builder.tree({file}));
  source.builder.snapshot(source.builder.tree({RepoBuilder::dir("gone", lost)}));
  MemBackend store;
  const RepoBuilder target(store);
  const CopyReport report = copy(source.builder.repository(), target.repository());
  EXPECT_EQ(report.damaged.size(), 2U);
  EXPECT_EQ(expect_whole(target.repository(), source), 3U);
}

TEST(Copy, ANewRunGoesOnWhereAnInterruptedOneStopped) {
  const Source source;
  MemBackend store;
  const RepoBuilder target(store);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_THROW(copy(source.builder.repository(), target.repository(), false, stop.get_token()),
               Interrupted);
  EXPECT_EQ(expect_whole(target.repository(), source), 0U);
  copy(source.builder.repository(), target.repository());
  EXPECT_EQ(expect_whole(target.repository(), source), 3U);
}

TEST(Copy, NoFailureOfTheTargetLeavesASnapshotIncomplete) {
  const Source source;
  MemBackend store;
  const RepoBuilder target(store);
  for (const test::Failure failure : test::kFailures) {
    test::sweep_faults(
        store, failure,
        [&](const Repository& repository) { copy(source.builder.repository(), repository); },
        [&](MemBackend& left) {
          const auto repository = test::open(left);
          expect_whole(*repository, source);
          copy(source.builder.repository(), *repository);
          EXPECT_EQ(expect_whole(*repository, source), 3U);
        });
  }
}

TEST(Copy, NoFailureOfTheSourceLeavesASnapshotIncomplete) {
  Source source;
  test::sweep_faults(
      source.store, test::Failure::once,
      [&](const Repository& repository) {
        MemBackend store;
        const RepoBuilder target(store);
        CopyReport report;
        try {
          report = copy(repository, target.repository());
        } catch (const Error&) {
          expect_whole(target.repository(), source);
          throw;
        }
        EXPECT_EQ(expect_whole(target.repository(), source) + report.damaged.size(), 3U);
      },
      [](MemBackend&) {});
}

}  // namespace
}  // namespace medsave
