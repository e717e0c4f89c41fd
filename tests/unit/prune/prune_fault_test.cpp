#include "prune_store.hpp"
#include "support/crash_backend.hpp"

#include "medsave/repo/index_load.hpp"

#include <gtest/gtest.h>

#include <atomic>

namespace medsave {
namespace {

using test::FaultyBackend;
using test::History;

/// Forgets the first snapshot and prunes, as `forget --prune` does.
void forget_and_prune(const History& history, std::unique_ptr<Backend> backend,
                      const std::stop_token& stop = {}) {
  backend->remove({.kind = FileKind::snapshot, .id = history.forgettable()});
  backend->barrier();
  test::prune_through(std::move(backend), test::tidy(), {}, stop);
}

void expect_next_prune_finishes(const History& history, Backend& store) {
  store.remove({.kind = FileKind::snapshot, .id = history.forgettable()});
  test::prune(store);
  history.expect_intact_in(store);
  const PrunePlan plan = test::prune_dry(store).plan;
  EXPECT_FALSE(plan.changes_index());
  EXPECT_TRUE(plan.unindexed.empty());
  EXPECT_EQ(plan.stats.unused_bytes_after(), 0U);
}

void sweep_faults(bool from_then_on) {
  MemBackend original;
  const History history(original);
  for (unsigned n = 1;; ++n) {
    SCOPED_TRACE(n);
    MemBackend store;
    test::copy_store(original, store);
    FaultyBackend faulty(store, n, Error(Errc::io, "injected"), from_then_on);
    try {
      forget_and_prune(history, test::RepoBuilder::forward(faulty));
    } catch (const Error& e) {
      EXPECT_TRUE(e.code() == Errc::io || e.code() == Errc::corrupt) << e.what();
    }
    history.expect_intact_in(store);
    expect_next_prune_finishes(history, store);
    if (!faulty.fired() || testing::Test::HasFailure()) break;
  }
}

TEST(PruneFaults, LoseNothingWhicheverCallFails) { sweep_faults(false); }

TEST(PruneFaults, LoseNothingWhenTheMediumGoesAway) { sweep_faults(true); }

TEST(PruneFaults, LoseNothingWhenThePowerGoesAtAnyMoment) {
  MemBackend original;
  const History history(original);
  bool fired = true;
  for (unsigned n = 1; fired && !HasFailure(); ++n) {
    for (unsigned seed = 0; seed < 4; ++seed) {
      SCOPED_TRACE(testing::Message() << "call " << n << ", seed " << seed);
      MemBackend disk;
      test::copy_store(original, disk);
      test::CrashBackend crashing(disk);
      FaultyBackend faulty(crashing, n, Error(Errc::io, "the power goes"), true);
      try {
        forget_and_prune(history, test::RepoBuilder::forward(faulty));
      } catch (const Error& e) {
        EXPECT_TRUE(e.code() == Errc::io || e.code() == Errc::corrupt) << e.what();
      }
      fired = faulty.fired();
      crashing.crash(seed);
      history.expect_intact_in(disk);
      expect_next_prune_finishes(history, disk);
    }
  }
}

/// Every pack that an index file of `disk` names is there. Of the index files themselves some may
/// be missing, which `repair index` mends.
void expect_no_index_of_missing_packs(MemBackend& disk) {
  const auto repository = test::RepoBuilder::open(test::RepoBuilder::forward(disk));
  const auto index = load_index(*repository, {});
  for (const PackSummary& pack : index->packs()) {
    EXPECT_TRUE(disk.size({.kind = FileKind::pack, .id = pack.id}).has_value());
  }
}

TEST(PruneFaults, LeaveNoIndexOfMissingPacksWhenThePowerGoesWithoutFreeSpace) {
  MemBackend original;
  const History history(original);
  history.forget_first();
  PruneRequest request = test::tidy();
  request.without_free_space = true;
  bool fired = true;
  for (unsigned n = 1; fired && !HasFailure(); ++n) {
    for (unsigned seed = 0; seed < 8; ++seed) {
      SCOPED_TRACE(testing::Message() << "call " << n << ", seed " << seed);
      MemBackend disk;
      test::copy_store(original, disk);
      test::CrashBackend crashing(disk);
      FaultyBackend faulty(crashing, n, Error(Errc::io, "the power goes"), true);
      try {
        test::prune_through(test::RepoBuilder::forward(faulty), request);
      } catch (const Error& e) {
        EXPECT_TRUE(e.code() == Errc::io || e.code() == Errc::corrupt) << e.what();
      }
      fired = faulty.fired();
      crashing.crash(seed);
      expect_no_index_of_missing_packs(disk);
    }
  }
}

TEST(PruneFaults, LoseNothingWhenInterruptedAtAnyMoment) {
  MemBackend original;
  const History history(original);
  for (unsigned n = 1;; ++n) {
    SCOPED_TRACE(n);
    MemBackend store;
    test::copy_store(original, store);
    std::stop_source stop;
    std::atomic<unsigned> calls = 0;
    auto backend = std::make_unique<test::Connection>(store, [&](test::Call, const FileRef&) {
      if (++calls == n) stop.request_stop();
    });
    try {
      forget_and_prune(history, std::move(backend), stop.get_token());
    } catch (const Interrupted&) {
      EXPECT_TRUE(stop.stop_requested());
    }
    history.expect_intact_in(store);
    expect_next_prune_finishes(history, store);
    if (!stop.stop_requested() || HasFailure()) break;
  }
}

}  // namespace
}  // namespace medsave
