// A listing that fails or lies, once, at any moment: no data is lost, and nothing is said to be
// saved that is not.
#include "every_engine.hpp"
#include "unit/repo/stores.hpp"

#include "medsave/base/clock.hpp"
#include "medsave/check/checker.hpp"
#include "medsave/check/read_data_selection.hpp"
#include "medsave/repo/index_load.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace medsave {
namespace {

using test::Engine;
using test::EngineStore;

enum class Lie { fails, is_empty, omits_first, omits_last, doubles, shrinks, grows };
constexpr Lie kLies[] = {Lie::fails,   Lie::is_empty, Lie::omits_first, Lie::omits_last,
                         Lie::doubles, Lie::shrinks,  Lie::grows};
constexpr FileKind kListedKinds[] = {FileKind::snapshot, FileKind::index, FileKind::pack,
                                     FileKind::key, FileKind::lock};

/// Falsifies the n-th listing of one kind.
class LyingBackend : public test::Connection {
 public:
  LyingBackend(Backend& store, FileKind kind, unsigned n, Lie lie)
      : Connection(store), kind_(kind), n_(n), lie_(lie) {}

  [[nodiscard]] bool lied() const { return listings_ >= n_; }

  std::vector<ListedFile> list(FileKind kind) override {
    std::vector<ListedFile> files = Connection::list(kind);
    if (kind != kind_ || ++listings_ != n_) return files;
    if (lie_ == Lie::fails) throw Error(Errc::io, "injected");
    if (files.empty() || lie_ == Lie::is_empty) return {};
    const auto largest = std::ranges::max_element(files, {}, &ListedFile::size);
    switch (lie_) {
      case Lie::omits_first:
        files.erase(files.begin());
        break;
      case Lie::omits_last:
        files.pop_back();
        break;
      case Lie::doubles:
        files.push_back(files.front());
        break;
      case Lie::shrinks:
        largest->size -= 1;
        break;
      default:
        largest->size += 1000;
    }
    return files;
  }

 private:
  const FileKind kind_;
  const unsigned n_;
  const Lie lie_;
  std::atomic<unsigned> listings_ = 0;
};

class LyingListings : public testing::TestWithParam<Engine> {
 protected:
  /// Calls look(left, succeeded, reported) after each run, until no run lists so often.
  template <typename Look>
  void sweep(const Engine& engine, FileKind kind, Lie lie, EngineStore& original,
             const Look& look) {
    for (unsigned n = 1; !HasFailure(); ++n) {
      SCOPED_TRACE(testing::Message() << "lie " << static_cast<int>(lie) << " in listing " << n
                                      << " of kind " << std::string(file_kind_name(kind)));
      MemBackend store;
      test::copy_store(original.store(), store);
      LyingBackend lying(store, kind, n, lie);
      std::vector<Id> reported;
      const bool succeeded = test::run_locked(engine, test::RepoBuilder::forward(lying), reported);
      look(store, succeeded, reported);
      if (!lying.lied()) return;
      ASSERT_LT(n, 100U);
    }
  }
};

TEST_P(LyingListings, LoseNothingAndMakeNoSuccessUntrue) {
  EngineStore original(GetParam());
  for (const FileKind kind : kListedKinds) {
    for (const Lie lie : kLies) {
      sweep(GetParam(), kind, lie, original,
            [&](MemBackend& left, bool, const std::vector<Id>& reported) {
              original.expect_nothing_lost(left, reported);
            });
    }
  }
}

TEST_P(LyingListings, OfLocksNeverHideSomebodyElse) {
  EngineStore original(GetParam());
  for (const Lie lie : {Lie::fails, Lie::is_empty, Lie::omits_first}) {
    for (unsigned n = 1; !HasFailure(); ++n) {
      SCOPED_TRACE(testing::Message() << "lie " << static_cast<int>(lie) << " in listing " << n);
      MemBackend store;
      test::copy_store(original.store(), store);
      const LockFile other = {.time = in_local_zone(system_clock().now()),
                              .exclusive = true,
                              .hostname = "elsewhere",
                              .username = "anna",
                              .pid = 4711};
      test::open(store)->save_json(FileKind::lock, encode_lock_file(other));
      LyingBackend lying(store, FileKind::lock, n, lie);
      std::vector<Id> reported;
      EXPECT_FALSE(test::run_locked(GetParam(), test::RepoBuilder::forward(lying), reported));
      EXPECT_TRUE(reported.empty());
      EXPECT_EQ(store.list(FileKind::lock).size(), 1U);
      original.expect_nothing_lost(store, reported);
      if (!lying.lied()) return;
    }
  }
}

/// Whether a check finds errors, or fails.
bool check_complains(Backend& connection) {
  try {
    const auto repository = test::RepoBuilder::open(test::RepoBuilder::forward(connection));
    Progress progress;
    CheckRequest request;
    request.read_data.kind = ReadDataSelection::Kind::all;
    return run_check(*repository, request, [](const Finding&) {}, {}, progress, {}).errors != 0;
  } catch (const Error&) {
    return true;
  }
}

TEST(LyingListingsOfCheck, NeverMakeDamageLookSound) {
  EngineStore original(test::every_engine().front());
  const auto repository = test::open(original.store());
  const auto index = load_index(*repository, {});
  const Id root = test::snapshots_of(*repository).back().snapshot.tree;
  const Id pack = index->find({.kind = BlobKind::tree, .id = root}).value().pack;
  original.store().remove({.kind = FileKind::pack, .id = pack});
  for (const FileKind kind : {FileKind::snapshot, FileKind::index, FileKind::pack, FileKind::key}) {
    for (const Lie lie : kLies) {
      bool lied = true;
      for (unsigned n = 1; lied && n < 100; ++n) {
        LyingBackend lying(original.store(), kind, n, lie);
        EXPECT_TRUE(check_complains(lying)) << "lie " << static_cast<int>(lie) << " in listing "
                                            << n << " of kind " << file_kind_name(kind);
        lied = lying.lied();
      }
    }
  }
}

TEST(LyingListingsOfCheck, ThatFailAreNoSuccess) {
  EngineStore original(test::every_engine().front());
  ASSERT_FALSE(check_complains(original.store()));
  for (const FileKind kind : {FileKind::snapshot, FileKind::index, FileKind::pack}) {
    for (unsigned n = 1; n < 100; ++n) {
      LyingBackend lying(original.store(), kind, n, Lie::fails);
      const bool complains = check_complains(lying);
      if (!lying.lied()) break;
      EXPECT_TRUE(complains) << "listing " << n << " of kind " << file_kind_name(kind);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Of, LyingListings, testing::ValuesIn(test::every_engine()),
                         test::engine_name);
INSTANTIATE_TEST_SUITE_P(OfTheSource, LyingListings, testing::Values(test::copying_from()),
                         test::engine_name);

}  // namespace
}  // namespace medsave
