// Every call of the storage path fails in its turn: once, for good, or by a power cut.
#include "every_engine.hpp"

#include <gtest/gtest.h>

namespace medsave {
namespace {

using test::Engine;
using test::EngineStore;
using test::Failure;
using test::FaultyBackend;
using test::Session;

/// Without a config where one was, for it to be put back by hand: `migrate` keeps a copy.
class ReplacingBackend : public FaultyBackend {
 public:
  ReplacingBackend(Backend& inner, unsigned n, bool from_then_on)
      : FaultyBackend(inner, n, Error(Errc::io, "injected"), from_then_on), store_(inner) {}
  void replace_config(Buffer data) override {
    size({.kind = FileKind::config});  // counts, and may fail
    store_.replace_config(std::move(data));
  }

 private:
  Backend& store_;
};

class FailingCalls : public testing::TestWithParam<Engine> {
 protected:
  void sweep(Failure failure) {
    EngineStore original(GetParam());
    for (unsigned n = 1; !HasFailure(); ++n) {
      SCOPED_TRACE(testing::Message() << "call " << n);
      MemBackend disk;
      test::copy_store(original.store(), disk);
      test::CrashBackend crash(disk);
      Backend& medium = failure == Failure::power_cut ? static_cast<Backend&>(crash) : disk;
      ReplacingBackend faulty(medium, n, failure != Failure::once);
      std::vector<Id> reported;
      run(faulty, reported);
      if (failure == Failure::power_cut) crash.crash(n);
      original.expect_nothing_lost(disk, reported);
      if (!faulty.fired()) return;
      ASSERT_LT(n, 2000U);
    }
  }

 private:
  static void run(Backend& faulty, std::vector<Id>& reported) {
    try {
      const auto repository = test::RepoBuilder::open(forward(faulty));
      Session session{.repository = *repository};
      try {
        GetParam().run(session);
      } catch (...) {
        reported = session.reported;
        throw;
      }
      reported = session.reported;
    } catch (const Error&) {  // it may fail, but not lose or claim anything
    }
  }
  /// Passes on replace_config() as well.
  static std::unique_ptr<Backend> forward(Backend& store) {
    return std::make_unique<ReplacingBackend>(store, 0, false);
  }
};

TEST_P(FailingCalls, OnceLoseNothing) { sweep(Failure::once); }

TEST_P(FailingCalls, FromThenOnLoseNothing) { sweep(Failure::from_then_on); }

TEST_P(FailingCalls, BecauseOfAPowerCutLoseNothing) {
  // A medium that replaces a file does so whole: no part of it can be lost alone.
  if (GetParam().name == "Migrate") GTEST_SKIP() << "scripts/check-powercut looks at real files";
  sweep(Failure::power_cut);
}

INSTANTIATE_TEST_SUITE_P(Of, FailingCalls, testing::ValuesIn(test::every_engine()),
                         test::engine_name);

}  // namespace
}  // namespace medsave
