#include "maintain_setup.hpp"

#include "medsave/maintain/index_repair.hpp"
#include "medsave/maintain/pack_repair.hpp"
#include "medsave/maintain/snapshot_rewriter.hpp"

#include <algorithm>
#include <set>

namespace medsave {
namespace {

using test::Files;
using test::RepoBuilder;

std::string filled(char c) { return std::string(2000, c); }

/// A snapshot of "/d/one" (two parts in one pack) and "/two" (another pack).
struct Sample {
  MemBackend store = {};
  RepoBuilder builder = RepoBuilder(store);
  Node one = builder.file("one", {filled('a'), filled('b')});
  Id snapshot = {};

  Sample() {
    builder.start_packs();
    const Node two = builder.file("two", {filled('c')});
    builder.start_packs();
    snapshot = builder.snapshot(builder.tree({builder.dir("d", Tree{one}), two}));
  }
  [[nodiscard]] static Files files() {
    return {{"/d/", ""}, {"/d/one", filled('a') + filled('b')}, {"/two", filled('c')}};
  }
  [[nodiscard]] BlobLocation place(std::size_t part) const {
    const auto index = load_index(builder.repository(), {});
    return *index->find({.kind = BlobKind::data, .id = one.content[part]});
  }
  /// Flips a bit of one part of "/d/one".
  void damage_part(std::size_t part) {
    const BlobLocation at = place(part);
    test::damage(store, {.kind = FileKind::pack, .id = at.pack},
                 [&](Buffer& content) { content.data()[at.offset + 20] ^= std::byte{1}; });
  }
};

Files all_files(MemBackend& store) {
  const auto repository = test::open(store);
  return test::read_files(*repository, test::snapshots_of(*repository).at(0).snapshot.tree);
}

IndexRepairReport fix_index(const Repository& repository, const IndexRepairRequest& request = {}) {
  Progress progress;
  return repair_index(repository, request, {}, progress, {});
}

PackRepairReport fix_packs(const Repository& repository, const std::vector<Id>& packs,
                           bool dry_run = false) {
  Progress progress;
  return repair_packs(repository, {.packs = packs, .dry_run = dry_run}, {}, progress, {});
}

TEST(RepairIndex, ARightIndexStays) {
  Sample sample;
  const auto repository = test::open(sample.store);
  EXPECT_FALSE(fix_index(*repository).changed());
  EXPECT_TRUE(fix_index(*repository, {.read_all_packs = true}).changed());
  EXPECT_EQ(all_files(sample.store), Sample::files());
}

TEST(RepairIndex, IsMadeAnewFromThePacks) {
  Sample sample;
  for (const ListedFile& file : sample.store.list(FileKind::index)) {
    sample.store.remove({.kind = FileKind::index, .id = file.id});
  }
  const auto repository = test::open(sample.store);
  EXPECT_FALSE(fix_index(*repository, {.dry_run = true}).added.empty());
  EXPECT_TRUE(sample.store.list(FileKind::index).empty());
  EXPECT_EQ(fix_index(*repository).added.size(), sample.store.list(FileKind::pack).size());
  EXPECT_EQ(all_files(sample.store), Sample::files());
}

TEST(RepairIndex, DamagedFilesAreReplaced) {
  Sample sample;
  for (const ListedFile& file : sample.store.list(FileKind::index)) {
    test::damage(sample.store, {.kind = FileKind::index, .id = file.id},
                 [](Buffer& content) { content.data()[20] ^= std::byte{1}; });
  }
  const auto repository = test::open(sample.store);
  fix_index(*repository);
  EXPECT_EQ(all_files(sample.store), Sample::files());
  EXPECT_FALSE(fix_index(*repository).changed());
}

TEST(RepairIndex, MissingPacksAreTakenOutAndCounted) {
  Sample sample;
  sample.store.remove({.kind = FileKind::pack, .id = sample.place(0).pack});
  const auto repository = test::open(sample.store);
  const IndexRepairReport report = fix_index(*repository);
  EXPECT_EQ(report.missing.size(), 1U);
  EXPECT_EQ(report.lost_blobs, 2U);
  EXPECT_FALSE(
      load_index(*repository, {})->contains({.kind = BlobKind::data, .id = sample.one.content[0]}));
}

TEST(RepairIndex, OfATruncatedPackTheIntactBlobsStayListed) {
  Sample sample;
  const BlobLocation first = sample.place(0).offset == 0 ? sample.place(0) : sample.place(1);
  test::damage(sample.store, {.kind = FileKind::pack, .id = first.pack},
               [&](Buffer& content) { content.resize(first.stored_length + 7); });
  const auto repository = test::open(sample.store);
  const IndexRepairReport report = fix_index(*repository);
  EXPECT_EQ(report.damaged, std::vector<Id>{first.pack});
  EXPECT_EQ(report.lost_blobs, 1U);
  EXPECT_EQ(load_index(*repository, {})->pack_entries(first.pack).size(), 1U);
  const PackRepairReport packs = fix_packs(*repository, {first.pack});
  EXPECT_EQ(packs.saved_blobs, 1U);
  EXPECT_FALSE(fix_index(*repository).changed());
}

TEST(RepairIndex, NoFailureLosesAnything) {
  Sample sample;
  const auto indexes = sample.store.list(FileKind::index);
  sample.store.remove({.kind = FileKind::index, .id = indexes[0].id});
  test::damage(sample.store, {.kind = FileKind::index, .id = indexes[1].id},
               [](Buffer& content) { content.data()[20] ^= std::byte{1}; });
  for (const test::Failure failure : test::kFailures) {
    test::sweep_faults(
        sample.store, failure, [](const Repository& repository) { fix_index(repository); },
        [](MemBackend& left) {
          fix_index(*test::open(left));
          EXPECT_EQ(all_files(left), Sample::files());
        });
  }
}

TEST(RepairPacks, SavesWhatIsIntactAndKeepsACopy) {
  Sample sample;
  sample.damage_part(0);
  const Id pack = sample.place(0).pack;
  const auto repository = test::open(sample.store);
  EXPECT_EQ(fix_packs(*repository, {pack}, true).lost_blobs, 1U);
  EXPECT_TRUE(sample.store.size({.kind = FileKind::pack, .id = pack}));
  Progress progress;
  std::vector<Id> copies;
  const PackRepairReport report = repair_packs(
      *repository, {.packs = {pack}},
      {.keep_copy = [&](const Id& id, ByteView) { copies.push_back(id); }}, progress, {});
  EXPECT_EQ(copies, std::vector<Id>{pack});
  EXPECT_EQ(report.saved_blobs, 1U);
  EXPECT_EQ(report.lost_blobs, 1U);
  EXPECT_FALSE(sample.store.size({.kind = FileKind::pack, .id = pack}));
  const auto index = load_index(*repository, {});
  EXPECT_FALSE(index->contains({.kind = BlobKind::data, .id = sample.one.content[0]}));
  EXPECT_TRUE(index->contains({.kind = BlobKind::data, .id = sample.one.content[1]}));
  EXPECT_FALSE(index->contains_pack(pack));
}

TEST(RepairPacks, AnUnknownPackIsRefused) {
  Sample sample;
  const auto repository = test::open(sample.store);
  EXPECT_THAT([&] { fix_packs(*repository, {*Id::parse(std::string(64, 'a'))}); },
              test::throws_errc(Errc::not_found));
}

TEST(RepairPacks, NoFailureLosesAnIntactBlob) {
  Sample sample;
  const Id pack = sample.place(0).pack;
  for (const test::Failure failure : test::kFailures) {
    test::sweep_faults(
        sample.store, failure, [&](const Repository& repository) { fix_packs(repository, {pack}); },
        [](MemBackend& left) { EXPECT_EQ(all_files(left), Sample::files()); });
  }
}

/// Path -> what was said of it.
std::map<std::string, std::string> fix_snapshots(const Repository& repository,
                                                 const SnapshotRepairRequest& request,
                                                 std::size_t& changed) {
  std::map<std::string, std::string> lost;
  const auto index = load_index(repository, {});
  changed = repair_snapshots(
      repository, *index, test::snapshots_of(repository), request,
      {.lost = [&](const std::string& path, const std::string& what) { lost[path] = what; }}, {});
  return lost;
}

TEST(RepairSnapshots, FilesLoseWhatIsMissingAndNothingElse) {
  Sample sample;
  sample.damage_part(1);
  const auto repository = test::open(sample.store);
  fix_packs(*repository, {sample.place(1).pack});
  std::size_t changed = 0;
  EXPECT_EQ(fix_snapshots(*repository, {.dry_run = true}, changed).size(), 1U);
  EXPECT_EQ(test::snapshots_of(*repository).size(), 1U);
  EXPECT_TRUE(fix_snapshots(*repository, {.forget = true}, changed).contains("/d/one"));
  EXPECT_EQ(changed, 1U);
  Files expected = Sample::files();
  expected["/d/one"] = filled('a');
  EXPECT_EQ(all_files(sample.store), expected);
  EXPECT_TRUE(fix_snapshots(*repository, {.forget = true}, changed).empty());
  EXPECT_EQ(changed, 0U);
}

TEST(RepairSnapshots, AFolderWithoutItsListBecomesEmpty) {
  Sample sample;
  const Id lost = *Id::parse(std::string(64, '7'));
  sample.store.remove({.kind = FileKind::snapshot, .id = sample.snapshot});
  sample.builder.snapshot(
      sample.builder.tree({RepoBuilder::dir("gone", lost), sample.builder.file("f", {"f"})}));
  const auto repository = test::open(sample.store);
  std::size_t changed = 0;
  EXPECT_TRUE(fix_snapshots(*repository, {.forget = true}, changed).contains("/gone"));
  EXPECT_EQ(all_files(sample.store), (Files{{"/f", "f"}, {"/gone/", ""}}));
}

TEST(RepairSnapshots, OneWithoutItsRootGoesOnlyWithForget) {
  Sample sample;
  sample.builder.snapshot(*Id::parse(std::string(64, '7')));
  const auto repository = test::open(sample.store);
  std::size_t changed = 0;
  EXPECT_TRUE(fix_snapshots(*repository, {}, changed).contains("/"));
  EXPECT_EQ(changed, 0U);
  EXPECT_EQ(test::snapshots_of(*repository).size(), 2U);
  fix_snapshots(*repository, {.forget = true}, changed);
  EXPECT_EQ(changed, 1U);
  EXPECT_EQ(all_files(sample.store), Sample::files());
}

TEST(RepairSnapshots, NoFailureMakesItGiveUpWhatIsThere) {
  Sample sample;
  for (const test::Failure failure : test::kFailures) {
    test::sweep_faults(
        sample.store, failure,
        [](const Repository& repository) {
          std::size_t changed = 0;
          fix_snapshots(repository, {.forget = true}, changed);
        },
        [](MemBackend& left) { EXPECT_EQ(all_files(left), Sample::files()); });
  }
}

TEST(RepairSnapshots, NoFailureLosesTheSnapshotThatIsRepaired) {
  Sample sample;
  const Id lost = *Id::parse(std::string(64, '7'));
  sample.store.remove({.kind = FileKind::snapshot, .id = sample.snapshot});
  sample.builder.snapshot(
      sample.builder.tree({RepoBuilder::dir("gone", lost), sample.builder.file("f", {"f"})}));
  test::sweep_faults(
      sample.store, test::Failure::power_cut,
      [](const Repository& repository) {
        std::size_t changed = 0;
        fix_snapshots(repository, {.forget = true}, changed);
      },
      [](MemBackend& left) {
        std::size_t changed = 0;
        fix_snapshots(*test::open(left), {.forget = true}, changed);
        EXPECT_EQ(all_files(left).at("/f"), "f");
      });
}

}  // namespace
}  // namespace medsave
