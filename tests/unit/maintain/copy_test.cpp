#include "maintain_setup.hpp"

#include "medsave/crypto/sha256.hpp"
#include "medsave/maintain/copier.hpp"

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
        EXPECT_FALSE(entry.snapshot.parent);
      }
      const CopyReport again = copy(source.builder.repository(), target.repository());
      EXPECT_EQ(again.copied, 0U);
      EXPECT_EQ(again.skipped, 3U);
      EXPECT_EQ(again.stored.data_blobs, 0U);
    }
  }
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

TEST(Copy, ADamagedBlobEndsItAndNoSnapshotIsIncomplete) {
  Source source;
  const auto index = load_index(source.builder.repository(), {});
  const Id blob = sha256(as_bytes(filled('b')));
  const auto at = index->find({.kind = BlobKind::data, .id = blob});
  test::damage(source.store, {.kind = FileKind::pack, .id = at->pack},
               [&](Buffer& content) { content.data()[at->offset + 20] ^= std::byte{1}; });
  MemBackend store;
  const RepoBuilder target(store);
  EXPECT_THAT([&] { copy(source.builder.repository(), target.repository()); },
              test::throws_errc(Errc::corrupt));
  expect_whole(target.repository(), source);
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
        try {
          copy(repository, target.repository());
        } catch (const Error&) {
          expect_whole(target.repository(), source);
          throw;
        }
        EXPECT_EQ(expect_whole(target.repository(), source), 3U);
      },
      [](MemBackend&) {});
}

}  // namespace
}  // namespace medsave
