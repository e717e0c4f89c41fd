#pragma once

#include "maintain_setup.hpp"

#include "medsave/repo/repo_lock.hpp"

#include <optional>
#include <ostream>
#include <stop_token>
#include <string>
#include <vector>

namespace medsave::test {

/// What an engine runs with, and what it says that it has done.
struct Session {
  const Repository& repository;
  RepoLock* lock = nullptr;  // none where a test is not about locks
  std::stop_token stop = {};
  std::vector<Id> reported = {};  // snapshots said to be saved

  /// As commands do before they rely on what they have read.
  void confirm() const {
    if (lock != nullptr) lock->confirm();
  }
};

/// What a command does between taking its lock and its last word.
struct Engine {
  std::string name = {};
  LockMode mode = LockMode::exclusive;
  std::function<void(Session&)> run = {};
  std::function<void(MemBackend&)> prepare = {};  // makes something to do
  std::uint32_t version = 2;
  bool heals = false;         // works on damage that `repair index` mends
  bool shortens = false;      // leaves "/secret" out of its new snapshots
  bool damaged_last = false;  // the last snapshot lacks data from the beginning
};
inline std::ostream& operator<<(std::ostream& out, const Engine& engine) {
  return out << engine.name;
}

/// All engines that change a repository. Names are C++ identifiers.
const std::vector<Engine>& every_engine();
/// Only for `copy`: reads from the repository of the session, into an empty one.
const Engine& copying_from();

/// Three snapshots in several packs, and the packs of one that was forgotten.
class EngineStore {
 public:
  explicit EngineStore(const Engine& engine);

  [[nodiscard]] MemBackend& store() { return store_; }
  /// All snapshots of the beginning are there and whole, old or as the engine makes them anew; so
  /// are the others, among them those `reported`; and a check finds nothing.
  void expect_nothing_lost(MemBackend& left, const std::vector<Id>& reported) const;

 private:
  const Engine& engine_;
  MemBackend store_;
  std::map<std::int64_t, Files> kept_;  // by the seconds of the snapshot's time
};

/// With the first password or the one that an engine sets.
std::unique_ptr<Repository> open_with_either_password(Backend& store);

/// A lock that does not wait.
LockOptions quick_lock(LockMode mode);
/// Opens, locks and runs as a command does. Whether it ended well; `reported` tells in any case.
bool run_locked(const Engine& engine, std::unique_ptr<Backend> backend, std::vector<Id>& reported);

inline std::string engine_name(const ::testing::TestParamInfo<Engine>& info) {
  return info.param.name;
}

}  // namespace medsave::test
