#include "support/backend_contract.hpp"
#include "support/crash_backend.hpp"
#include "support/faulty_backend.hpp"

#include "medsave/backend/cache_backend.hpp"
#include "medsave/backend/guarded_backend.hpp"
#include "medsave/backend/limit_backend.hpp"
#include "medsave/backend/local_backend.hpp"
#include "medsave/backend/mem_backend.hpp"

#include <memory>
#include <utility>

namespace medsave::test {
namespace {

/// A decorator of tests that owns what it decorates.
template <typename Decorator, typename... Args>
std::unique_ptr<Backend> owning(Args... args) {
  struct Owner {
    MemBackend mem;
  };
  struct Both : Owner, Decorator {
    explicit Both(Args... more) : Decorator(this->mem, std::move(more)...) {}
  };
  return std::make_unique<Both>(std::move(args)...);
}

INSTANTIATE_TEST_SUITE_P(
    All, BackendContract,
    testing::Values(
        Candidate{"local", [](const TempDir& temp) { return make_local_backend(temp / "repo"); }},
        Candidate{"mem", [](const TempDir&) { return std::make_unique<MemBackend>(); }},
        Candidate{"limit",
                  [](const TempDir&) {
                    return limit_rate(std::make_unique<MemBackend>(), 1U << 30, 1U << 30);
                  }},
        Candidate{"guarded",
                  [](const TempDir&) {
                    return guard_writes(std::make_unique<MemBackend>(),
                                        std::make_shared<WriteCondition>());
                  }},
        Candidate{"cache",
                  [](const TempDir& temp) {
                    auto cache = make_cache_backend(std::make_unique<MemBackend>(), temp / "cache",
                                                    id_of(1).hex());
                    for (unsigned i = 0; i < 300; ++i) cache->note_tree_pack(id_of(i));
                    return std::unique_ptr<Backend>(std::move(cache));
                  }},
        Candidate{"faulty",
                  [](const TempDir&) { return owning<FaultyBackend>(0U, Error(Errc::io, "")); }},
        Candidate{"crash", [](const TempDir&) { return owning<CrashBackend>(); }}),
    candidate_name);

}  // namespace
}  // namespace medsave::test
