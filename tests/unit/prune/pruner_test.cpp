#include "medsave/prune/pruner.hpp"

#include "prune_store.hpp"
#include "support/matchers.hpp"
#include "support/temp_dir.hpp"

#include "medsave/backend/cache_backend.hpp"
#include "medsave/backend/guarded_backend.hpp"
#include "medsave/base/error.hpp"
#include "medsave/crypto/sha256.hpp"
#include "medsave/repo/blob_reader.hpp"
#include "medsave/repo/blob_writer.hpp"
#include "medsave/repo/index_load.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <utility>

namespace medsave {
namespace {

using test::History;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST(Pruner, RemovesWhatOnlyAForgottenSnapshotNeeded) {
  MemBackend store;
  History history(store);
  history.forget_first();
  const std::uint64_t before = test::stored_bytes(store);
  const PruneReport report = test::prune(store);
  EXPECT_FALSE(report.plan.repack.empty());
  EXPECT_FALSE(report.plan.remove.empty());
  EXPECT_EQ(report.undeleted, 0U);
  EXPECT_LT(test::stored_bytes(store), before);
  history.expect_intact();
  const PrunePlan again = test::prune(store).plan;
  EXPECT_FALSE(again.changes_index());
  EXPECT_EQ(again.stats.unused_bytes_after(), 0U);
}

TEST(Pruner, EmptiesARepositoryWithoutSnapshots) {
  MemBackend store;
  History history(store);
  history.forget_all();
  PruneRequest request = test::tidy();
  request.may_remove_everything = true;
  test::prune(store, request);
  EXPECT_THAT(store.list(FileKind::pack), IsEmpty());
  EXPECT_THAT(store.list(FileKind::index), IsEmpty());
}

TEST(Pruner, TakesAnEmptyListOfSnapshotsForOneThatCouldNotBeRead) {
  MemBackend store;
  History history(store);
  const std::uint64_t before = test::stored_bytes(store);
  test::ListingStore lying(store, [](FileKind kind, unsigned, std::vector<ListedFile>& files) {
    if (kind == FileKind::snapshot) files.clear();
  });
  EXPECT_THAT([&] { test::prune(lying); }, test::throws_errc(Errc::corrupt));
  EXPECT_EQ(test::stored_bytes(store), before);
  history.expect_intact();
}

TEST(Pruner, TrustsNoListThatASecondLookContradicts) {
  for (const FileKind kind : {FileKind::snapshot, FileKind::index}) {
    MemBackend store;
    History history(store);
    history.forget_first();
    const std::uint64_t before = test::stored_bytes(store);
    bool lied = false;
    // An index file too many: one of a repository that is not locked for others.
    test::ListingStore lying(store,
                             [&](FileKind asked, unsigned n, std::vector<ListedFile>& files) {
                               if (asked != kind || n != (kind == FileKind::snapshot ? 1U : 2U))
                                 return;
                               files.pop_back();
                               lied = true;
                             });
    EXPECT_THAT([&] { test::prune(lying); }, test::throws_errc(Errc::io));
    EXPECT_TRUE(lied);
    EXPECT_EQ(test::stored_bytes(store), before);
    history.expect_intact();
  }
}

TEST(Pruner, LooksAgainOnceItHoldsItsLock) {
  MemBackend store;
  History history(store);
  const FileRef snapshot{.kind = FileKind::snapshot, .id = history.forgettable()};
  Buffer saved;
  store.load(snapshot, ~0ULL, saved);
  history.forget_first();
  const std::size_t packs = store.list(FileKind::pack).size();
  const auto repository = test::RepoBuilder::open(test::RepoBuilder::forward(store));
  // On a full medium the lock is stored when something is about to be deleted. Just before that
  // another computer saves what needs the same packs.
  repository->writes().set([&] {
    if (saved.size() != 0) store.save(snapshot, std::exchange(saved, Buffer()));
  });
  Progress progress;
  EXPECT_THAT([&] { run_prune(*repository, test::tidy(), {}, progress, {}); },
              test::throws_errc(Errc::io));
  EXPECT_THAT(store.list(FileKind::pack), SizeIs(packs));
  history.expect_intact();
}

TEST(Pruner, MissesASnapshotThatItsCallerKnows) {
  MemBackend store;
  History history(store);
  const std::uint64_t before = test::stored_bytes(store);
  PruneRequest request = test::tidy();
  request.known_snapshots = {history.forgettable()};
  history.forget_first();
  EXPECT_THAT([&] { test::prune(store, request); }, test::throws_errc(Errc::io));
  EXPECT_LT(test::stored_bytes(store), before);  // the snapshot's own bytes
  history.expect_intact();
}

TEST(Pruner, DeletesNothingMoreOnceItsLockIsLost) {
  MemBackend store;
  History history(store);
  history.forget_first();
  unsigned removed = 0;
  auto backend =
      std::make_unique<test::Connection>(store, [&](test::Call call, const FileRef& file) {
        if (call != test::Call::remove || file.kind == FileKind::lock) return;
        if (++removed > 1) throw Error(Errc::locked, "the lock is lost");
      });
  EXPECT_THAT([&] { test::prune_through(std::move(backend), test::tidy()); },
              test::throws_errc(Errc::locked));
  history.expect_intact();
}

TEST(Pruner, NeverRemovesTheLastGoodCopy) {
  const std::string shared(as_text(test::content(1, 20'000, false).view()));
  const std::string other(as_text(test::content(2, 20'000, false).view()));
  for (int damaged = 0; damaged < 2; ++damaged) {
    MemBackend store;
    test::RepoBuilder repo(store);
    const Node file = repo.file("f", {shared});
    repo.snapshot(repo.tree({file}));
    {  // another backup at the same time, which does not know of the first one's blobs
      Index unaware;
      BlobWriter writer(repo.repository(), unaware, {}, {});
      writer.save(BlobKind::data, as_bytes(shared));
      writer.save(BlobKind::data, as_bytes(other));
      writer.finish();
    }
    const BlobRef blob{.kind = BlobKind::data, .id = file.content.front()};
    const auto repository = test::RepoBuilder::open(test::RepoBuilder::forward(store));
    std::vector<BlobLocation> copies = load_index(*repository, {})->find_all(blob);
    ASSERT_EQ(copies.size(), 2U);
    std::ranges::sort(copies, {}, &BlobLocation::pack);
    const BlobLocation& at = copies[static_cast<std::size_t>(damaged)];
    test::damage(store, {.kind = FileKind::pack, .id = at.pack},
                 [&](Buffer& bytes) { bytes.data()[at.offset + 100] ^= std::byte{1}; });
    try {
      test::prune(store);
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Errc::corrupt) << e.what();
    }
    const auto index = load_index(*repository, {});
    Buffer plain;
    EXPECT_NO_THROW(BlobReader(*repository, *index).load(blob, plain)) << damaged;
  }
}

TEST(Pruner, ChangesNothingInADryRun) {
  MemBackend store;
  History history(store);
  const Id first = history.forgettable();
  const std::uint64_t before = test::stored_bytes(store);
  PruneRequest request = test::tidy();
  request.dry_run = true;
  request.ignored_snapshots = {first};
  const PruneReport report = test::prune(store, request);
  EXPECT_TRUE(report.plan.changes_index());
  EXPECT_EQ(test::stored_bytes(store), before);
}

TEST(Pruner, JoinsIndexFiles) {
  MemBackend store;
  History history(store);
  history.forget_first();
  EXPECT_GT(store.list(FileKind::index).size(), 2U);
  test::prune(store);
  EXPECT_LE(store.list(FileKind::index).size(), 2U);
}

TEST(Pruner, WorksOnVersion1) {
  MemBackend store;
  History history(store, 1);
  history.forget_first();
  test::prune(store);
  history.expect_intact();
}

TEST(Pruner, TriesOnceToCompressWhatDoesNotShrink) {
  MemBackend store;
  History history(store);
  PruneRequest request = test::tidy();
  request.options.repack_uncompressed = true;
  EXPECT_FALSE(test::prune(store, request).plan.repack.empty());
  history.expect_intact();
  const auto packs = store.list(FileKind::pack);
  EXPECT_THAT(test::prune(store, request).plan.repack, IsEmpty());
  EXPECT_EQ(store.list(FileKind::pack).size(), packs.size());
}

TEST(Pruner, DeletesLeftovers) {
  MemBackend store;
  History history(store);
  store.save({.kind = FileKind::pack, .id = Id::from_bytes(as_bytes(std::string(32, 'x')))},
             Buffer(as_bytes("half a pack")));
  const PruneReport report = test::prune(store);
  EXPECT_THAT(report.plan.unindexed, SizeIs(1));
  EXPECT_EQ(report.plan.stats.unindexed_bytes, 11U);
  history.expect_intact();
}

TEST(Pruner, TouchesNothingWhenATreeIsDamaged) {
  MemBackend store;
  History history(store);
  history.forget_first();
  history.damage_tree();
  const std::uint64_t before = test::stored_bytes(store);
  EXPECT_THAT([&] { test::prune(store); }, test::throws_errc(Errc::corrupt));
  EXPECT_EQ(test::stored_bytes(store), before);
}

TEST(Pruner, TouchesNothingWhenASnapshotOrIndexIsDamaged) {
  for (const FileKind kind : {FileKind::snapshot, FileKind::index}) {
    MemBackend store;
    History history(store);
    history.forget_first();
    test::flip_a_bit(store, {.kind = kind, .id = store.list(kind).front().id});
    const std::uint64_t before = test::stored_bytes(store);
    EXPECT_THAT([&] { test::prune(store); }, test::throws_errc(Errc::corrupt));
    EXPECT_EQ(test::stored_bytes(store), before);
  }
}

TEST(Pruner, TouchesNothingWhenAnIndexFileIsMissing) {
  MemBackend store;
  History history(store);
  history.forget_first();
  store.remove({.kind = FileKind::index, .id = history.index_of_kept()});
  const std::uint64_t before = test::stored_bytes(store);
  EXPECT_THAT([&] { test::prune(store); }, test::throws_errc(Errc::not_found));
  EXPECT_EQ(test::stored_bytes(store), before);
}

TEST(Pruner, DeletesNothingWhenANeededBlobCannotBeCopied) {
  MemBackend store;
  History history(store);
  history.forget_first();
  const std::vector<Id> packs = history.damage_shared_data();
  EXPECT_THAT([&] { test::prune(store); }, test::throws_errc(Errc::corrupt));
  for (const Id& pack : packs) EXPECT_TRUE(store.size({.kind = FileKind::pack, .id = pack}));
}

TEST(Pruner, SaysHowMuchSpaceItNeeds) {
  MemBackend store;
  History history(store);
  history.forget_first();
  const std::uint64_t before = test::stored_bytes(store);
  PruneRequest request = test::tidy();
  request.free_space = [] { return std::optional<std::uint64_t>(1000); };
  std::string refusal;
  try {
    test::prune(store, request);
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Errc::no_space);
    refusal = e.what();
  }
  EXPECT_THAT(refusal, HasSubstr("--max-repack-size 0"));
  EXPECT_EQ(test::stored_bytes(store), before);
  request.options.max_repack_bytes = 0;
  test::prune(store, request);
  EXPECT_LT(test::stored_bytes(store), before);
  history.expect_intact();
}

TEST(Pruner, RepacksInPortionsWhereSpaceIsShort) {
  MemBackend store;
  History history(store);
  history.forget_first();
  PruneRequest request = test::tidy();
  std::uint64_t used = 0;
  for (const PackToDelete& pack : test::prune_dry(store).plan.repack) {
    used = std::max(used, pack.used_bytes);
  }
  request.free_space = [used] { return std::optional<std::uint64_t>((16ULL << 20U) + used); };
  test::prune(store, request);
  history.expect_intact();
  EXPECT_FALSE(test::prune_dry(store).plan.changes_index());
}

TEST(Pruner, RecoversWithoutAnyFreeSpace) {
  MemBackend store;
  History history(store);
  history.forget_first();
  PruneRequest request = test::tidy();
  request.without_free_space = true;
  const PruneReport report = test::prune(store, request);
  EXPECT_THAT(report.plan.repack, IsEmpty());
  EXPECT_FALSE(report.plan.remove.empty());
  history.expect_intact();
}

/// Stores a folder list once more, as somebody does who saves the same at the same time.
void store_again(MemBackend& store, const Id& tree) {
  const auto repository = test::RepoBuilder::open(test::RepoBuilder::forward(store));
  const auto index = load_index(*repository, {});
  Buffer content;
  BlobReader(*repository, *index).load({.kind = BlobKind::tree, .id = tree}, content);
  Index empty;
  BlobWriter writer(*repository, empty, {}, {});
  writer.save(BlobKind::tree, content.view());
  writer.finish();
  repository->backend().barrier();
}

TEST(Pruner, DoesNotTakeTheCacheForTheRepository) {
  MemBackend original;
  test::RepoBuilder builder(original);
  const Id root = builder.tree({builder.file("f", {"x"})});
  builder.snapshot(root);
  store_again(original, root);
  unsigned refused = 0;
  for (const std::size_t damaged : {0U, 1U}) {
    MemBackend store;
    test::copy_store(original, store);
    const test::TempDir cache;
    const auto repository = test::RepoBuilder::open(test::RepoBuilder::forward(store));
    repository->use_cache(cache.path());
    const auto index = load_index(*repository, {});
    std::vector<BlobLocation> copies = index->find_all({.kind = BlobKind::tree, .id = root});
    ASSERT_EQ(copies.size(), 2U);
    std::ranges::sort(copies, {}, &BlobLocation::pack);
    for (const BlobLocation& at : copies) {
      repository->cache()->note_tree_pack(at.pack);
      Buffer sealed;
      repository->backend().load_range({.kind = FileKind::pack, .id = at.pack}, at.offset,
                                       at.stored_length, sealed);
    }
    const BlobLocation& bad = copies[damaged];
    test::damage(store, {.kind = FileKind::pack, .id = bad.pack}, [&](Buffer& bytes) {
      bytes.data()[bad.offset + bad.stored_length / 2] ^= std::byte{1};
    });
    Progress progress;
    try {
      run_prune(*repository, test::tidy(), {}, progress, {});
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Errc::corrupt);
      ++refused;
    }
    const auto after = test::RepoBuilder::open(test::RepoBuilder::forward(store));
    Buffer content;
    EXPECT_NO_THROW(BlobReader(*after, *load_index(*after, {}))
                        .load({.kind = BlobKind::tree, .id = root}, content));
  }
  EXPECT_EQ(refused, 1U);
}

/// Where space is short, packs of which nothing is repacked go before others are read: the copy
/// that is repacked later may have rotted.
TEST(Pruner, LosesNoCopyThatGoesBeforeTheOtherIsRepacked) {
  MemBackend original;
  Id shared;
  PrunePlan plan;
  // Which of the two copies is repacked hangs on the random names of their packs.
  for (int i = 0; i < 50 && (plan.repack.size() != 1 || plan.remove.size() != 1); ++i) {
    MemBackend store;
    test::RepoBuilder builder(store);
    shared = builder.tree({test::RepoBuilder::symlink("shared", "x")});
    const Id other = builder.tree({test::RepoBuilder::symlink("other", "x")});
    builder.tree({test::RepoBuilder::symlink("unneeded", std::string(2000, 'x'))});
    builder.snapshot(shared);
    builder.snapshot(other);
    store_again(store, shared);
    plan = test::prune_dry(store).plan;
    for (const FileRef& file : test::all_files(original)) original.remove(file);
    test::copy_store(store, original);
  }
  ASSERT_EQ(plan.repack.size(), 1U);
  ASSERT_EQ(plan.remove.size(), 1U);
  PruneRequest request = test::tidy();
  const std::uint64_t too_little = (16ULL << 20U) + plan.repack.front().used_bytes - 1;
  request.free_space = [too_little] { return std::optional(too_little); };
  for (const bool damages_repacked : {true, false}) {
    MemBackend store;
    test::copy_store(original, store);
    const auto repository = test::RepoBuilder::open(test::RepoBuilder::forward(store));
    const auto index = load_index(*repository, {});
    const Id pack = (damages_repacked ? plan.repack : plan.remove).front().id;
    for (const BlobLocation& at : index->find_all({.kind = BlobKind::tree, .id = shared})) {
      if (at.pack != pack) continue;
      test::damage(store, {.kind = FileKind::pack, .id = pack}, [&](Buffer& bytes) {
        bytes.data()[at.offset + at.stored_length / 2] ^= std::byte{1};
      });
    }
    if (damages_repacked) {
      EXPECT_THAT([&] { test::prune(store, request); }, test::throws_errc(Errc::corrupt));
    } else {
      test::prune(store, request);
    }
    const auto after = test::RepoBuilder::open(test::RepoBuilder::forward(store));
    Buffer content;
    EXPECT_NO_THROW(BlobReader(*after, *load_index(*after, {}))
                        .load({.kind = BlobKind::tree, .id = shared}, content));
  }
}

TEST(Pruner, HasAnIndexAfterwardsWhateverFailsWithoutFreeSpace) {
  PruneRequest request = test::tidy();
  request.without_free_space = true;
  for (const test::Call call : {test::Call::remove, test::Call::list}) {
    MemBackend store;
    History history(store);
    history.forget_first();
    ASSERT_GT(store.list(FileKind::index).size(), 1U);
    std::atomic<unsigned> deleted = 0;
    auto backend =
        std::make_unique<test::Connection>(store, [&](test::Call called, const FileRef& file) {
          const bool of_index = called == test::Call::remove && file.kind == FileKind::index;
          if (of_index) ++deleted;
          // The second index file cannot be deleted, or what became of the packs cannot be seen.
          const bool fails = call == test::Call::remove
                                 ? of_index && deleted == 2
                                 : called == call && deleted != 0 && file.kind == FileKind::pack;
          if (fails) throw Error(Errc::permission, "injected");
        });
    EXPECT_THROW(test::prune_through(std::move(backend), request), Error);
    EXPECT_GT(deleted, 0U);
    history.expect_intact();
    test::prune(store);
    history.expect_intact();
  }
}

TEST(Pruner, WhatIsSavedJustBeforeADeletionEndsIt) {
  for (const bool without_free_space : {false, true}) {
    for (const test::Call when : {test::Call::remove_leftovers, test::Call::remove}) {
      MemBackend store;
      History history(store);
      const FileRef saved = {.kind = FileKind::snapshot, .id = history.forgettable()};
      Buffer snapshot;
      store.load(saved, ~0ULL, snapshot);
      history.forget_first();
      store.save({.kind = FileKind::pack, .id = sha256(as_bytes("x"))}, Buffer(as_bytes("x")));
      PruneRequest request = test::tidy();
      request.without_free_space = without_free_space;
      bool done = false;
      auto backend =
          std::make_unique<test::Connection>(store, [&](test::Call call, const FileRef&) {
            if (call != when || std::exchange(done, true)) return;
            store.save(saved, std::move(snapshot));  // as by another computer, without our lock
          });
      EXPECT_THROW(test::prune_through(std::move(backend), request), Error);
      EXPECT_TRUE(done);
      EXPECT_EQ(store.list(FileKind::snapshot).size(), 3U);
      history.expect_intact();
    }
  }
}

TEST(Pruner, SaysThatTheLockWasLostWhereNothingWasDeletedWithoutFreeSpace) {
  PruneRequest request = test::tidy();
  request.without_free_space = true;
  MemBackend store;
  History history(store);
  history.forget_first();
  auto backend =
      std::make_unique<test::Connection>(store, [](test::Call called, const FileRef& file) {
        const bool changes = called == test::Call::remove || called == test::Call::save;
        if (changes && file.kind == FileKind::index) throw Error(Errc::locked, "the lock is lost");
      });
  try {
    test::prune_through(std::move(backend), request);
    ADD_FAILURE() << "no error";
  } catch (const Error& e) {
    EXPECT_STREQ(e.what(), "the lock is lost");
  }
  history.expect_intact();
}

TEST(Pruner, WarnsOfPacksThatCannotBeDeleted) {
  MemBackend store;
  History history(store);
  history.forget_first();
  std::vector<std::string> warnings;
  const PruneReport report = test::prune_with_undeletable_packs(store, warnings);
  EXPECT_GT(report.undeleted, 0U);
  EXPECT_EQ(warnings.size(), report.undeleted);
  history.expect_intact();
  EXPECT_EQ(test::prune(store).plan.unindexed.size(), report.undeleted);
}

}  // namespace
}  // namespace medsave
