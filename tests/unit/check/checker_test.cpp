#include "check_run.hpp"
#include "support/matchers.hpp"
#include "support/time_and_chance.hpp"

#include "medsave/repo/index_load.hpp"
#include "medsave/snap/tree_walker.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <set>

namespace medsave {
namespace {

using test::check;
using test::CheckRun;
using test::FaultyBackend;
using test::reading_data;
using test::RepoBuilder;
using test::throws_errc;

/// Two snapshots; "shared" is in both, "old" and "new" in one each. Every file has a pack.
class CheckTest : public testing::Test {
 protected:
  MemBackend store;
  RepoBuilder builder{store};
  Node shared = separate("shared", {"shared content"});
  Node old_file = separate("old", {"old content", "second part"});
  Node new_file = separate("new", {"new content"});
  Id common = separate_tree({shared});
  Id first = builder.snapshot(builder.tree({RepoBuilder::dir("d", common), old_file}));
  Id second = builder.snapshot(builder.tree({RepoBuilder::dir("d", common), new_file}));

  Node separate(const std::string& name, const std::vector<std::string>& parts) {
    builder.start_packs();
    Node file = builder.file(name, parts);
    builder.start_packs();
    return file;
  }
  Id separate_tree(const Tree& nodes) {
    const Id tree = builder.tree(nodes);
    builder.start_packs();
    return tree;
  }
  FileRef pack_of(BlobKind kind, const Id& blob) {
    const auto index = load_index(builder.repository(), {});
    return {.kind = FileKind::pack, .id = index->find({.kind = kind, .id = blob})->pack};
  }
  FileRef pack_of(const Node& file) { return pack_of(BlobKind::data, file.content.front()); }
  std::string in(const Id& snapshot, const std::string& path) const {
    return snapshot.short_hex() + ":" + path;
  }
  void flip(const FileRef& file, std::size_t at) {
    test::damage(store, file, [&](Buffer& content) { content.data()[at] ^= std::byte{8}; });
  }
};

TEST_F(CheckTest, ASoundRepositoryHasNoFindings) {
  const CheckRun run = check(store, reading_data());
  EXPECT_EQ(run.report.errors, 0U);
  EXPECT_EQ(run.report.hints, 0U);
  EXPECT_TRUE(run.findings.empty());
  EXPECT_EQ(run.report.snapshots, 2U);
  EXPECT_EQ(run.report.packs_read, store.list(FileKind::pack).size());
  EXPECT_GT(run.report.bytes_read, 0U);
  EXPECT_EQ(run.stages.size(), 5U);
  EXPECT_EQ(check(store).report.packs_read, 0U);
}

TEST_F(CheckTest, SoundInVersionOneToo) {
  MemBackend other;
  RepoBuilder old(other, 1);
  old.snapshot(old.tree({old.file("f", {"x", "y"})}));
  EXPECT_EQ(check(other, reading_data()).findings.size(), 0U);
}

TEST_F(CheckTest, EveryFlippedByteOfEveryFileIsFound) {
  for (const FileKind kind :
       {FileKind::pack, FileKind::index, FileKind::snapshot, FileKind::key, FileKind::config}) {
    std::vector<ListedFile> files = {{.id = {}, .size = *store.size({.kind = FileKind::config})}};
    if (kind != FileKind::config) files = store.list(kind);
    for (const ListedFile& file : files) {
      const FileRef ref = {.kind = kind, .id = file.id};
      for (std::size_t at = 0; at < file.size; at += 7) {
        Buffer good;
        store.load(ref, ~0ULL, good);
        flip(ref, at);
        try {
          EXPECT_GT(check(store, reading_data()).report.errors, 0U) << describe(ref) << at;
        } catch (const Error&) {  // key and config: the repository cannot be opened
          EXPECT_TRUE(kind == FileKind::key || kind == FileKind::config) << describe(ref) << at;
        }
        store.overwrite(ref, std::move(good));
      }
    }
  }
  EXPECT_EQ(check(store, reading_data()).report.errors, 0U);
}

TEST_F(CheckTest, AMissingPackIsFoundWithAllItTouches) {
  const FileRef pack = pack_of(shared);
  store.remove(pack);
  const CheckRun run = check(store);
  EXPECT_TRUE(run.found(FindingKind::pack_missing, pack.id));
  EXPECT_EQ(run.report.broken_packs, std::vector<Id>{pack.id});
  EXPECT_EQ(run.affected(),
            (std::set<std::string>{in(first, "/d/shared"), in(second, "/d/shared")}));
}

TEST_F(CheckTest, ACutOffPackTouchesOnlyWhatIsLost) {
  const FileRef pack = pack_of(old_file);
  test::damage(store, pack, [](Buffer& content) { content.resize(content.size() - 1); });
  const CheckRun run = check(store);
  EXPECT_TRUE(run.found(FindingKind::pack_size, pack.id));
  EXPECT_TRUE(run.affected().empty());  // only the header is incomplete

  test::damage(store, pack, [](Buffer& content) { content.resize(60); });
  EXPECT_EQ(check(store).affected(), (std::set<std::string>{in(first, "/old")}));
}

TEST_F(CheckTest, ADamagedBlobNamesPackSnapshotAndPath) {
  const FileRef pack = pack_of(new_file);
  flip(pack, 20);
  EXPECT_EQ(check(store).report.errors, 0U);  // not seen without reading the data
  const CheckRun run = check(store, reading_data());
  EXPECT_EQ(run.report.errors, 1U);
  EXPECT_TRUE(run.found(FindingKind::pack_damaged, pack.id));
  EXPECT_NE(run.findings[0].message.find(pack.id.hex()), std::string::npos);
  EXPECT_EQ(run.affected(), (std::set<std::string>{in(second, "/new")}));
}

TEST_F(CheckTest, ADamagedHeaderTouchesNoPath) {
  const FileRef pack = pack_of(new_file);
  flip(pack, *store.size(pack) - 10);
  const CheckRun run = check(store, reading_data());
  EXPECT_TRUE(run.found(FindingKind::pack_damaged, pack.id));
  EXPECT_TRUE(run.affected().empty());
}

TEST_F(CheckTest, AllDamageIsListedNotOnlyTheFirst) {
  store.remove(pack_of(shared));
  flip(pack_of(old_file), 20);
  flip({.kind = FileKind::snapshot, .id = second}, 20);
  const CheckRun run = check(store, reading_data());
  EXPECT_EQ(run.report.errors, 3U);
  EXPECT_TRUE(run.found(FindingKind::snapshot_unreadable, second));
  EXPECT_EQ(run.affected(), (std::set<std::string>{in(first, "/d/shared"), in(first, "/old")}));
}

TEST_F(CheckTest, AnUnreadableFolderIsNamedByItsPath) {
  store.remove(pack_of(BlobKind::tree, common));
  const CheckRun run = check(store);
  EXPECT_TRUE(run.found(FindingKind::tree_unreadable, common));
  EXPECT_EQ(run.affected(), (std::set<std::string>{in(first, "/d"), in(second, "/d")}));
}

TEST_F(CheckTest, AMissingIndexLosesBlobsAndSuggestsToRepairIt) {
  const ListedFile index = store.list(FileKind::index).front();
  flip({.kind = FileKind::index, .id = index.id}, 20);
  CheckRun run = check(store);
  EXPECT_TRUE(run.found(FindingKind::index_unreadable, index.id));
  EXPECT_TRUE(run.report.suggest_repair_index);
  for (const ListedFile& file : store.list(FileKind::index)) {
    store.remove({.kind = FileKind::index, .id = file.id});
  }
  run = check(store);
  EXPECT_EQ(run.report.errors, 2U);  // the two root folders
  EXPECT_TRUE(run.found(FindingKind::pack_unindexed));
  EXPECT_EQ(run.affected(), (std::set<std::string>{in(first, "/"), in(second, "/")}));
}

TEST_F(CheckTest, ABlobNobodyHasIsReportedOnce) {
  Node file = RepoBuilder::node("f", NodeType::file, 0644);
  file.content_is_null = false;
  file.content = {*Id::parse(std::string(64, '7'))};
  Node again = file;
  again.name = "g";
  const Id third = builder.snapshot(builder.tree({file, again}));
  const CheckRun run = check(store);
  EXPECT_EQ(run.report.errors, 1U);
  EXPECT_TRUE(run.found(FindingKind::blob_missing, file.content[0]));
  EXPECT_EQ(run.affected(), (std::set<std::string>{in(third, "/f"), in(third, "/g")}));
}

TEST_F(CheckTest, InvalidNodesAreReported) {
  Node no_content = RepoBuilder::node("no_content", NodeType::file, 0644);
  Node zero = RepoBuilder::node("zero", NodeType::file, 0644);
  zero.content_is_null = false;
  zero.content = {Id{}};
  Node no_subtree = RepoBuilder::node("no_subtree", NodeType::dir, go_mode::kDir | 0755U);
  Node outside = builder.file("..", {});
  Node odd = RepoBuilder::node("odd", NodeType::irregular, 0644);
  builder.snapshot(builder.tree({no_content, zero, no_subtree, outside, odd}));
  builder.snapshot(builder.tree({builder.file("twice", {}), builder.file("twice", {})}, false));
  builder.snapshot(builder.raw_tree("{\"nodes\":3}"));
  const CheckRun run = check(store);
  EXPECT_EQ(run.report.errors, 7U);
  EXPECT_EQ(std::ranges::count(run.findings, FindingKind::tree_invalid, &Finding::kind), 7);
  EXPECT_EQ(run.report.affected_total, 7U);
}

TEST_F(CheckTest, EntriesOfUnknownTypeAreNoLoss) {
  const Node odd = RepoBuilder::node("odd", NodeType::irregular, 0644);
  builder.snapshot(builder.tree({odd}));
  CheckRun run = check(store);
  EXPECT_EQ(run.report.errors, 1U);
  EXPECT_EQ(run.report.affected_total, 1U);
  EXPECT_TRUE(run.report.unknown_types);
  EXPECT_FALSE(run.report.lost_content);
  builder.snapshot(builder.tree({odd, RepoBuilder::node("no_content", NodeType::file, 0644)}));
  run = check(store);
  EXPECT_TRUE(run.report.unknown_types);
  EXPECT_TRUE(run.report.lost_content);
}

TEST_F(CheckTest, DamageInFoldersThatHoldEachOtherTwiceIsAddedUp) {
  Node file = builder.file("f", {});
  file.content = {*Id::parse(std::string(64, '7'))};
  file.size = 1;
  builder.snapshot(builder.lattice(40, {file}));
  const CheckRun run = check(store);
  EXPECT_TRUE(run.found(FindingKind::blob_missing));
  EXPECT_EQ(run.report.affected.size(), kMaxAffected);
  EXPECT_EQ(run.report.affected_total, 1ULL << 40U);
}

TEST_F(CheckTest, AbsurdDepthIsFound) {
  Id tree = builder.tree({});
  for (unsigned i = 0; i < kMaxTreeDepth + 5; ++i)
    tree = builder.tree({RepoBuilder::dir("d", tree)});
  builder.snapshot(tree);
  const CheckRun run = check(store);
  EXPECT_EQ(run.report.errors, 1U);
  EXPECT_EQ(run.report.affected_total, 1U);
}

TEST_F(CheckTest, LeftoversAreHints) {
  std::vector<Id> strays;
  for (const char digit : {'5', '6', '7'}) {
    strays.push_back(*Id::parse(std::string(64, digit)));
    Buffer stray(as_bytes("neither pack nor anything"));
    store.save({.kind = FileKind::pack, .id = strays.back()}, std::move(stray));
  }
  const CheckRun run = check(store, reading_data());
  EXPECT_EQ(run.report.errors, 0U);
  EXPECT_EQ(run.report.hints, 1U);
  EXPECT_TRUE(run.report.suggest_prune);
  ASSERT_TRUE(run.found(FindingKind::pack_unindexed));
  EXPECT_EQ(run.findings.front().packs, strays);
}

TEST_F(CheckTest, TheSamePackTwiceIsAHintAndAContradictionAnError) {
  const FileRef pack = pack_of(old_file);
  const auto index = load_index(builder.repository(), {});
  IndexedPack described = {.pack = pack.id, .blobs = index->pack_entries(pack.id)};
  std::vector<IndexedPack> all;
  for (const PackSummary& other : index->packs()) {
    all.push_back({.pack = other.id, .blobs = index->pack_entries(other.id)});
  }
  builder.repository().save_json(FileKind::index, encode_index(all));
  CheckRun run = check(store, reading_data());
  EXPECT_EQ(run.report.errors, 0U);
  EXPECT_EQ(run.report.hints, 1U);  // one line, however many packs
  EXPECT_EQ(run.findings.front().packs.size(), all.size());
  EXPECT_TRUE(run.report.suggest_repair_index);

  described.blobs.pop_back();
  builder.repository().save_json(FileKind::index, encode_index({described}));
  run = check(store, reading_data());
  EXPECT_EQ(run.report.errors, 1U);
  EXPECT_TRUE(run.found(FindingKind::pack_duplicate, pack.id));
  EXPECT_TRUE(run.affected().empty());
}

TEST_F(CheckTest, AnIndexThatLiesAboutAPackIsFound) {
  const FileRef pack = pack_of(old_file);
  for (const ListedFile& file : store.list(FileKind::index)) {
    Buffer json;
    builder.repository().load_json({.kind = FileKind::index, .id = file.id}, json);
    std::vector<IndexedPack> packs;
    bool changed = false;
    decode_index(as_text(json.view()), [&](IndexedPack& described) {
      if (described.pack == pack.id) {
        std::swap(described.blobs[0].id, described.blobs[1].id);
        changed = true;
      }
      packs.push_back(described);
    });
    if (!changed) continue;
    store.remove({.kind = FileKind::index, .id = file.id});
    builder.repository().save_json(FileKind::index, encode_index(packs));
  }
  const CheckRun run = check(store, reading_data());
  EXPECT_TRUE(run.found(FindingKind::pack_damaged, pack.id));
  EXPECT_EQ(run.affected(), (std::set<std::string>{in(first, "/old")}));
}

TEST_F(CheckTest, OnlyTheChosenSnapshotsAreChecked) {
  store.remove(pack_of(new_file));
  CheckRequest request = reading_data();
  request.snapshot_id = first.short_hex();
  const CheckRun run = check(store, request);
  EXPECT_EQ(run.report.snapshots, 1U);
  EXPECT_TRUE(run.affected().empty());
  EXPECT_LT(run.report.packs_read, store.list(FileKind::pack).size());
  request.snapshot_id = "ffff";
  EXPECT_THAT([&] { check(store, request); }, throws_errc(Errc::not_found));
}

TEST_F(CheckTest, APackThatReadsWellTheSecondTimeIsStillAnError) {
  /// Gives one pack damaged once.
  class Flaky : public FaultyBackend {
   public:
    Flaky(Backend& inner, Id pack)
        : FaultyBackend(inner, 0, Error(Errc::internal, "")), pack_(pack) {}
    void load(const FileRef& file, std::uint64_t limit, Buffer& out) override {
      FaultyBackend::load(file, limit, out);
      if (file.id == pack_ && !done_.exchange(true)) out.data()[20] ^= std::byte{1};
    }

   private:
    Id pack_;
    std::atomic<bool> done_ = false;
  };
  const FileRef pack = pack_of(old_file);
  const CheckRun run = check(std::make_unique<Flaky>(store, pack.id), reading_data());
  EXPECT_EQ(run.report.errors, 1U);
  EXPECT_TRUE(run.found(FindingKind::pack_damaged, pack.id));
  EXPECT_TRUE(run.affected().empty());
}

TEST_F(CheckTest, WhatOnlyMemoryHasDamagedIsNotTakenForDamageOfThePack) {
  class BadMemory : public FaultyBackend {
   public:
    BadMemory(Backend& inner, Id pack)
        : FaultyBackend(inner, 0, Error(Errc::internal, "")), pack_(pack) {}
    void load(const FileRef& file, std::uint64_t limit, Buffer& out) override {
      FaultyBackend::load(file, limit, out);
      if (file.id == pack_ && remembers_) out.data()[20] ^= std::byte{1};
    }
    void drop_from_memory(const FileRef& file) override {
      if (file.id == pack_) remembers_ = false;
    }

   private:
    Id pack_;
    std::atomic<bool> remembers_ = true;
  };
  const FileRef pack = pack_of(old_file);
  const CheckRun run = check(std::make_unique<BadMemory>(store, pack.id), reading_data());
  ASSERT_TRUE(run.found(FindingKind::pack_damaged, pack.id));
  EXPECT_NE(run.findings.front().message.find("well the second time"), std::string::npos);
  EXPECT_TRUE(run.affected().empty());
}

TEST_F(CheckTest, WhatThisUserMayNotReadIsNotTakenForDamage) {
  /// One file belongs to somebody else.
  class Closed : public FaultyBackend {
   public:
    Closed(Backend& inner, const FileRef& file)
        : FaultyBackend(inner, 0, Error(Errc::internal, "")), closed_(file) {}
    void load(const FileRef& file, std::uint64_t limit, Buffer& out) override {
      refuse(file);
      FaultyBackend::load(file, limit, out);
    }
    void load_range(const FileRef& file, std::uint64_t offset, std::size_t length,
                    Buffer& out) override {
      refuse(file);
      FaultyBackend::load_range(file, offset, length, out);
    }

   private:
    void refuse(const FileRef& file) const {
      if (file.kind == closed_.kind && file.id == closed_.id) {
        throw Error(Errc::permission, "it may not be read");
      }
    }
    const FileRef closed_;
  };
  std::vector<FileRef> files = {pack_of(old_file), pack_of(BlobKind::tree, common)};
  for (const FileKind kind : {FileKind::index, FileKind::snapshot}) {
    files.push_back({.kind = kind, .id = store.list(kind).front().id});
  }
  for (const FileRef& file : files) {
    const CheckRun run = check(std::make_unique<Closed>(store, file), reading_data());
    EXPECT_NE(run.report.errors, 0U);
    EXPECT_TRUE(run.report.access_denied);
    EXPECT_THAT(run.report.broken_packs, testing::IsEmpty());
    EXPECT_THAT(run.report.rotten_packs, testing::IsEmpty());
    EXPECT_THAT(run.report.damaged_snapshots, testing::IsEmpty());
    EXPECT_FALSE(run.report.suggest_repair_index);
    EXPECT_FALSE(run.report.suggest_prune);
    if (file.kind == FileKind::pack) {
      EXPECT_TRUE(run.found(FindingKind::pack_unread, file.id));
      EXPECT_FALSE(run.affected().empty());
    }
  }
}

TEST(Check, ReadsThePacksThatTheRepositorysChanceChooses) {
  MemBackend store;
  test::SeededRandom random;
  RepoBuilder builder(store, 2, random);
  Tree files;
  for (const char* name : {"1", "2", "3", "4", "5", "6", "7", "8"}) {
    builder.start_packs();
    files.push_back(builder.file(name, {name}));
  }
  builder.snapshot(builder.tree(files));
  // All are damaged, so that those that are read show.
  for (const ListedFile& pack : store.list(FileKind::pack)) {
    test::damage(store, {.kind = FileKind::pack, .id = pack.id},
                 [](Buffer& content) { content.data()[0] ^= std::byte{1}; });
  }
  CheckRequest request;
  request.read_data = {.kind = ReadDataSelection::Kind::percent, .percent = 50};
  const auto broken = [&](std::uint64_t seed) {
    random.start_again(seed);
    Progress progress;
    std::vector<Id> packs =
        run_check(builder.repository(), request, [](const Finding&) {}, {}, progress, {})
            .broken_packs;
    std::ranges::sort(packs);
    return packs;
  };
  const std::vector<Id> chosen = broken(1);
  EXPECT_GE(chosen.size(), 4U);
  EXPECT_LT(chosen.size(), 9U);
  EXPECT_EQ(broken(1), chosen);
  EXPECT_NE(broken(2), chosen);
}

TEST_F(CheckTest, EachFailingRequestIsAFindingOrAnError) {
  for (unsigned n = 1;; ++n) {
    SCOPED_TRACE(n);
    auto backend = std::make_unique<FaultyBackend>(store, n, Error(Errc::io, "injected"));
    const auto fired = [faulty = backend.get()] { return faulty->fired(); };
    try {
      auto repository = RepoBuilder::open(std::move(backend));
      std::uint64_t errors = 0;
      Progress progress;
      const CheckReport report =
          run_check(*repository, reading_data(),
                    [&](const Finding& f) { errors += f.is_hint ? 0U : 1U; }, {}, progress, {});
      EXPECT_EQ(report.errors, errors);
      EXPECT_EQ(report.errors != 0, fired());
      if (!fired()) break;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Errc::io) << e.what();  // opening or listing
    }
  }
}

TEST_F(CheckTest, StopsWhenAsked) {
  std::stop_source stop;
  stop.request_stop();
  Progress progress;
  EXPECT_THROW(run_check(builder.repository(), {}, {}, {}, progress, stop.get_token()),
               Interrupted);
}

/// Lists packs wherever they lie, as servers do; those of one folder cannot be opened.
class RenamedFolder : public FaultyBackend {
 public:
  RenamedFolder(Backend& inner, std::byte folder, bool proves = false)
      : FaultyBackend(inner, 0, Error(Errc::io, "")), folder_(folder), proves_(proves) {}
  [[nodiscard]] bool list_proves_names() const override { return proves_; }
  std::optional<std::uint64_t> size(const FileRef& file) override {
    if (file.kind == FileKind::pack) ++asked_;
    if (renamed(file)) return std::nullopt;
    return FaultyBackend::size(file);
  }
  void load_range(const FileRef& file, std::uint64_t offset, std::size_t length,
                  Buffer& out) override {
    if (renamed(file)) throw Error(Errc::not_found, "it is not there");
    FaultyBackend::load_range(file, offset, length, out);
  }
  [[nodiscard]] const std::atomic<unsigned>& asked() const { return asked_; }

 private:
  [[nodiscard]] bool renamed(const FileRef& file) const {
    return file.kind == FileKind::pack && file.id.bytes()[0] == folder_;
  }
  const std::byte folder_;
  const bool proves_;
  std::atomic<unsigned> asked_ = 0;
};

TEST_F(CheckTest, AFolderThatWasRenamedOnTheServerIsMissing) {
  const FileRef pack = pack_of(old_file);
  std::set<std::byte> folders;
  std::size_t missing = 0;
  for (const ListedFile& file : store.list(FileKind::pack)) {
    folders.insert(file.id.bytes()[0]);
    if (file.id.bytes()[0] == pack.id.bytes()[0]) ++missing;
  }
  auto server = std::make_unique<RenamedFolder>(store, pack.id.bytes()[0]);
  const std::atomic<unsigned>& asked = server->asked();
  Progress progress;
  std::vector<Finding> findings;
  const auto repository = RepoBuilder::open(std::move(server));
  const CheckReport report =
      run_check(*repository, {}, [&](const Finding& finding) { findings.push_back(finding); }, {},
                progress, {});
  const auto found = std::ranges::find(findings, pack.id, &Finding::id);
  ASSERT_NE(found, findings.end());
  EXPECT_EQ(found->kind, FindingKind::pack_missing);
  const std::string hex = pack.id.hex();
  EXPECT_THAT(found->message, testing::HasSubstr("data/" + hex.substr(0, 2) + "/" + hex));
  EXPECT_EQ(report.broken_packs.size(), missing);
  EXPECT_EQ(asked, folders.size() + missing - 1);
  EXPECT_NE(report.affected_total, 0U);
}

TEST_F(CheckTest, WhereTheListProvesTheNamesNoPackIsAskedFor) {
  auto folder = std::make_unique<RenamedFolder>(store, pack_of(old_file).id.bytes()[0], true);
  const std::atomic<unsigned>& asked = folder->asked();
  Progress progress;
  const auto repository = RepoBuilder::open(std::move(folder));
  run_check(*repository, {}, [](const Finding&) {}, {}, progress, {});
  EXPECT_EQ(asked, 0U);
}

}  // namespace
}  // namespace medsave
