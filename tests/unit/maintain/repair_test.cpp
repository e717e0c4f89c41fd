#include "maintain_setup.hpp"
#include "support/matchers.hpp"
#include "support/temp_dir.hpp"
#include "unit/prune/prune_store.hpp"

#include "medsave/backend/cache_backend.hpp"
#include "medsave/base/units.hpp"
#include "medsave/format/index_file.hpp"
#include "medsave/maintain/index_repair.hpp"
#include "medsave/maintain/pack_repair.hpp"
#include "medsave/maintain/snapshot_repair.hpp"
#include "medsave/maintain/snapshot_rewriter.hpp"
#include "medsave/repo/index_load.hpp"

#include <algorithm>
#include <mutex>
#include <set>
#include <string>
#include <vector>

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

/// Flips a bit of what is read of packs, the first times, another one each time.
class FlippingReads : public MemBackend {
 public:
  explicit FlippingReads(unsigned times) : left_(times) {}
  void load(const FileRef& file, std::uint64_t limit, Buffer& out) override {
    MemBackend::load(file, limit, out);
    flip(file, out);
  }
  void load_range(const FileRef& file, std::uint64_t offset, std::size_t length,
                  Buffer& out) override {
    MemBackend::load_range(file, offset, length, out);
    flip(file, out);
  }

 private:
  void flip(const FileRef& file, Buffer& out) {
    const std::lock_guard lock(mutex_);
    if (file.kind != FileKind::pack || left_ == 0 || out.size() == 0) return;
    --left_;
    out.data()[out.size() - 5 - left_ % 3] ^= std::byte{1};
  }

  std::mutex mutex_;  // guards left_
  unsigned left_;
};

/// One pack is there, but reading it fails.
class UnreadablePacks : public MemBackend {
 public:
  std::optional<Id> unreadable = {};

  void load_range(const FileRef& file, std::uint64_t offset, std::size_t length,
                  Buffer& out) override {
    if (file.kind == FileKind::pack && file.id == unreadable) throw Error(Errc::io, "injected");
    MemBackend::load_range(file, offset, length, out);
  }
};

/// Says that it deletes packs.
class KeepingPacks : public MemBackend {
 public:
  void remove(const FileRef& file) override {
    if (file.kind != FileKind::pack) MemBackend::remove(file);
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

TEST(RepairIndex, BelievesNoListThatLacksWhatIsThere) {
  Sample sample;
  test::ListingStore lying(sample.store,
                           [](FileKind kind, unsigned, std::vector<ListedFile>& list) {
                             if (kind == FileKind::pack) list.clear();
                           });
  const auto repository = RepoBuilder::open(RepoBuilder::forward(lying));
  EXPECT_THAT([&] { fix_index(*repository); }, test::throws_errc(Errc::io));
  EXPECT_EQ(all_files(sample.store), Sample::files());
}

TEST(RepairIndex, BelievesNoListThatGivesWrongSizes) {
  Sample sample;
  test::ListingStore lying(sample.store,
                           [](FileKind kind, unsigned, std::vector<ListedFile>& list) {
                             if (kind != FileKind::pack) return;
                             for (ListedFile& file : list) file.size = 0;
                           });
  const auto repository = RepoBuilder::open(RepoBuilder::forward(lying));
  EXPECT_THAT([&] { fix_index(*repository); }, test::throws_errc(Errc::io));
  EXPECT_EQ(all_files(sample.store), Sample::files());
}

TEST(RepairIndex, WhatCannotBeReadStaysAsItIsAndIsTold) {
  Sample sample;
  UnreadablePacks store;
  test::copy_store(sample.store, store);
  const Id pack = sample.place(0).pack;
  store.unreadable = pack;
  const auto repository = test::open(store);
  const IndexRepairReport report = fix_index(*repository, {.read_all_packs = true});
  EXPECT_EQ(report.unread, std::vector<Id>{pack});
  EXPECT_TRUE(report.damaged.empty());
  EXPECT_EQ(report.lost_blobs, 0U);
  for (const ListedFile& file : store.list(FileKind::index)) {
    store.remove({.kind = FileKind::index, .id = file.id});
  }
  const auto again = test::open(store);
  EXPECT_EQ(fix_index(*again).unread, std::vector<Id>{pack});
  store.unreadable.reset();
  EXPECT_EQ(fix_index(*again).added, std::vector<Id>{pack});
  EXPECT_EQ(all_files(store), Sample::files());
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

/// Has the index name this blob in a pack that does not have it.
void add_false_claim(Sample& sample, const BlobRef& blob, const Id& pack) {
  const Repository& repository = sample.builder.repository();
  LoadIndexReport report;
  const auto index = load_index(repository, {}, &report);
  IndexedPack claimed = {.pack = pack, .blobs = index->pack_entries(pack)};
  claimed.blobs.front().id = blob.id;
  for (const IndexFileContent& file : report.contents) {
    if (file.packs != std::vector<Id>{pack}) continue;
    sample.store.remove({.kind = FileKind::index, .id = file.index});
  }
  repository.save_json(FileKind::index, encode_index({claimed}));
  repository.backend().barrier();
}

TEST(RepairIndex, DoesNotBelieveTheIndexThatALostBlobIsElsewhere) {
  for (const bool read_all_packs : {false, true}) {
    Sample sample;
    const BlobRef lost = {.kind = BlobKind::data, .id = sample.one.content[0]};
    const Id gone = sample.place(0).pack;
    const auto index = load_index(sample.builder.repository(), {});
    Id other;
    for (const PackSummary& pack : index->packs()) {
      const bool has_data = index->pack_entries(pack.id).front().kind == BlobKind::data;
      if (pack.id != gone && has_data) other = pack.id;
    }
    add_false_claim(sample, lost, other);
    sample.store.remove({.kind = FileKind::pack, .id = gone});
    const auto repository = test::open(sample.store);
    EXPECT_EQ(fix_index(*repository, {.read_all_packs = read_all_packs}).lost_blobs, 2U);
    EXPECT_FALSE(load_index(*repository, {})->contains(lost));
    EXPECT_FALSE(fix_index(*repository).changed());
  }
}

TEST(RepairIndex, CountsWhatAPackThatIsReadDoesNotHave) {
  Sample sample;
  const BlobRef claimed = {.kind = BlobKind::data, .id = *Id::parse(std::string(64, '7'))};
  add_false_claim(sample, claimed, sample.place(0).pack);
  const auto repository = test::open(sample.store);
  EXPECT_EQ(fix_index(*repository, {.read_all_packs = true}).lost_blobs, 1U);
  EXPECT_EQ(all_files(sample.store), Sample::files());
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

TEST(RepairPacks, ABlobIsNotLostOnlyWhereAnotherPackReallyHasIt) {
  for (const bool both_rotten : {false, true}) {
    Sample sample;
    const auto repository = test::open(sample.store);
    const BlobRef root{.kind = BlobKind::tree,
                       .id = test::snapshots_of(*repository).at(0).snapshot.tree};
    Buffer content;
    BlobReader(*repository, *load_index(*repository, {})).load(root, content);
    {  // another backup at the same time, which does not know of it
      Index unaware;
      BlobWriter writer(*repository, unaware, {}, {});
      writer.save(BlobKind::tree, content.view());
      writer.finish();
    }
    const test::TempDir cache;
    repository->use_cache(cache.path());
    const std::vector<BlobLocation> copies = load_index(*repository, {})->find_all(root);
    ASSERT_EQ(copies.size(), 2U);
    repository->cache()->note_tree_pack(copies[1].pack);
    repository->backend().load_range({.kind = FileKind::pack, .id = copies[1].pack},
                                     copies[1].offset, copies[1].stored_length, content);
    for (const std::size_t copy : {0U, 1U}) {
      if (copy == 1 && !both_rotten) continue;
      const BlobLocation& at = copies[copy];
      test::damage(sample.store, {.kind = FileKind::pack, .id = at.pack},
                   [&](Buffer& pack) { pack.data()[at.offset + 20] ^= std::byte{1}; });
    }
    std::vector<std::string> warnings;
    Progress progress;
    const PackRepairReport report = repair_packs(
        *repository, {.packs = {copies[0].pack}},
        {.warning = [&](const std::string& line) { warnings.push_back(line); }}, progress, {});
    EXPECT_EQ(report.lost_blobs, both_rotten ? 1U : 0U);
    EXPECT_EQ(std::ranges::any_of(warnings,
                                  [&](const std::string& line) {
                                    return line.find("pack " + copies[1].pack.short_hex()) !=
                                           std::string::npos;
                                  }),
              both_rotten);
  }
}

TEST(RepairPacks, APackThatAnotherIndexFileListsInPartStaysListedWhole) {
  Sample sample;
  const auto repository = test::open(sample.store);
  auto index = load_index(*repository, {});
  const Id partial = sample.place(0).pack;
  Id damaged;
  std::vector<IndexedPack> all;
  for (const PackSummary& pack : index->packs()) {
    all.push_back({.pack = pack.id, .blobs = index->pack_entries(pack.id)});
    if (pack.id != partial && pack.has_data) damaged = pack.id;
  }
  for (const ListedFile& file : sample.store.list(FileKind::index)) {
    sample.store.remove({.kind = FileKind::index, .id = file.id});
  }
  repository->save_json(FileKind::index, encode_index(all));
  repository->save_json(
      FileKind::index,
      encode_index({{.pack = partial, .blobs = {index->pack_entries(partial).front()}}}));
  ASSERT_EQ(index->pack_entries(partial).size(), 2U);
  EXPECT_EQ(fix_packs(*repository, {damaged}).lost_blobs, 0U);
  EXPECT_EQ(all_files(sample.store), Sample::files());
}

TEST(RepairPacks, DamageOnTheWayIsNoneOfTheFile) {
  Sample sample;
  const Id pack = sample.place(0).pack;
  FlippingReads store(1);
  test::copy_store(sample.store, store);
  const auto repository = test::open(store);
  EXPECT_EQ(fix_packs(*repository, {pack}).lost_blobs, 0U);
  EXPECT_EQ(all_files(store), Sample::files());
}

TEST(RepairPacks, APackThatIsReadDifferentlyEachTimeStays) {
  Sample sample;
  const Id pack = sample.place(0).pack;
  FlippingReads store(1000);
  test::copy_store(sample.store, store);
  const auto repository = test::open(store);
  fix_packs(*repository, {pack});
  EXPECT_TRUE(store.size({.kind = FileKind::pack, .id = pack}));
  EXPECT_TRUE(load_index(*repository, {})->contains_pack(pack));
}

TEST(RepairPacks, ASalvagedPackThatIsStillThereIsTold) {
  Sample sample;
  sample.damage_part(0);
  KeepingPacks store;
  test::copy_store(sample.store, store);
  const Id pack = sample.place(0).pack;
  const auto repository = test::open(store);
  EXPECT_THAT([&] { fix_packs(*repository, {pack}); }, test::throws_errc(Errc::io));
  EXPECT_FALSE(load_index(*repository, {})->contains_pack(pack));
}

TEST(RepairIndex, AHeaderIsReadAgain) {
  Sample sample;
  FlippingReads store(2);
  test::copy_store(sample.store, store);
  for (const ListedFile& file : store.list(FileKind::index)) {
    store.remove({.kind = FileKind::index, .id = file.id});
  }
  const auto repository = test::open(store);
  const IndexRepairReport report = fix_index(*repository);
  EXPECT_TRUE(report.damaged.empty());
  EXPECT_EQ(report.added.size(), store.list(FileKind::pack).size());
  EXPECT_EQ(all_files(store), Sample::files());
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

TEST(RepairSnapshots, SaysHowMuchOfAFileIsMissingAndHowMuchIsLeft) {
  Sample sample;
  const auto repository = test::open(sample.store);
  const std::size_t part = filled('a').size();
  const Id lost = *Id::parse(std::string(64, '7'));
  Node file = sample.builder.file("f", {filled('a'), filled('b'), filled('c')});
  file.content.push_back(lost);
  file.size = 3 * part + 5;
  sample.store.remove({.kind = FileKind::snapshot, .id = sample.snapshot});
  sample.builder.snapshot(sample.builder.tree({file}));
  std::size_t changed = 0;
  EXPECT_EQ(fix_snapshots(*repository, {}, changed).at("/f"),
            "missing content: 1 of 4 parts lost, " + format_size(3 * part) + " of " +
                format_size(3 * part + 5) + " left");
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

TEST(RepairSnapshots, AnEntryOfUnknownTypeGoesAlone) {
  for (const char* type : {"", "door"}) {
    Sample sample;
    sample.store.remove({.kind = FileKind::snapshot, .id = sample.snapshot});
    std::string kept;
    append_node(kept, sample.one);
    sample.builder.snapshot(sample.builder.raw_tree(R"({"nodes":[{"name":"odd","type":")" +
                                                    std::string(type) + R"("},)" + kept + "]}\n"));
    const auto repository = test::open(sample.store);
    std::size_t changed = 0;
    const auto lost = fix_snapshots(*repository, {.forget = true}, changed);
    EXPECT_EQ(lost.size(), 1U);
    EXPECT_TRUE(lost.contains("/odd"));
    EXPECT_EQ(all_files(sample.store), (Files{{"/one", filled('a') + filled('b')}}));
  }
}

TEST(RepairSnapshots, GivesNothingUpThatANewerProgramMayUnderstand) {
  Sample sample;
  sample.store.remove({.kind = FileKind::snapshot, .id = sample.snapshot});
  const Id novel = sample.builder.raw_tree(R"({"nodes":[{"name":"a","type":"file","size":"3"}]})");
  for (const Id& root : {novel, sample.builder.tree({RepoBuilder::dir("d", novel)})}) {
    const Id snapshot = sample.builder.snapshot(root);
    const auto repository = test::open(sample.store);
    std::size_t changed = 0;
    EXPECT_THAT([&] { fix_snapshots(*repository, {.forget = true}, changed); },
                test::throws_errc(Errc::unsupported));
    EXPECT_EQ(test::snapshots_of(*repository).size(), 1U);
    sample.store.remove({.kind = FileKind::snapshot, .id = snapshot});
  }
}

TEST(RepairSnapshots, FoldersTooDeepForTheWalkStay) {
  Sample sample;
  sample.store.remove({.kind = FileKind::snapshot, .id = sample.snapshot});
  Id deep = sample.builder.tree({});
  for (unsigned i = 0; i < kMaxTreeDepth + 5; ++i) {
    deep = sample.builder.tree({RepoBuilder::dir("d", deep)});
  }
  const Id snapshot = sample.builder.snapshot(deep);
  const auto repository = test::open(sample.store);
  std::size_t changed = 0;
  EXPECT_THAT([&] { fix_snapshots(*repository, {.forget = true}, changed); },
              test::throws_errc(Errc::unsupported));
  EXPECT_EQ(test::snapshots_of(*repository).at(0).id, snapshot);
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
