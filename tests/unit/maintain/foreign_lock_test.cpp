// Locks of others, of whom it cannot be known whether they live: they are respected, and they stay.
#include "every_engine.hpp"

#include "medsave/base/clock.hpp"
#include "medsave/sys/host.hpp"
#include "medsave/sys/process.hpp"

#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

namespace medsave {
namespace {

using test::Engine;
using test::EngineStore;

/// The number of a process that has ended.
std::int64_t ended_process() {
  const pid_t child = fork();
  if (child == 0) _exit(0);
  waitpid(child, nullptr, 0);
  return child;
}

/// As restic writes it, which tells neither boot nor process id namespace; `more` is added.
std::string lock_json(bool exclusive, const std::string& host, std::int64_t pid,
                      const std::string& more = "") {
  return R"({"time":")" + format_zoned_time(in_local_zone(system_clock().now())) +
         R"(","exclusive":)" + (exclusive ? "true" : "false") + R"(,"hostname":")" + host +
         R"(","username":"anna","pid":)" + std::to_string(pid) + more + "}";
}

struct Foreign {
  std::string what = {};
  std::string json = {};
};
std::vector<Foreign> foreign_locks(bool exclusive) {
  const std::string here = R"(,"pid_namespace":")" + pid_namespace() + R"(")";
  return {
      {"restic in a container with this host's name",
       lock_json(exclusive, host_name(), ended_process())},
      {"restic elsewhere", lock_json(exclusive, "elsewhere", process_id())},
      {"restic in a process of this computer that lives",
       lock_json(exclusive, host_name(), process_id())},
      {"a clone of this computer",
       lock_json(exclusive, host_name(), ended_process(),
                 R"(,"boot_id":"another","machine_id":"another")" + here)},
      {"medsave in a container",
       lock_json(exclusive, host_name(), ended_process(),
                 R"(,"boot_id":")" + boot_id() + R"(","pid_namespace":"pid:[1]")")},
  };
}

std::map<FileKind, std::size_t> files_by_kind(MemBackend& store) {
  std::map<FileKind, std::size_t> files;
  for (const FileKind kind :
       {FileKind::key, FileKind::lock, FileKind::snapshot, FileKind::index, FileKind::pack}) {
    files[kind] = store.list(kind).size();
  }
  return files;
}

class ForeignLock : public testing::TestWithParam<Engine> {
 protected:
  /// Runs the engine and finds nothing changed.
  void expect_refused(MemBackend& store) {
    const auto before = files_by_kind(store);
    std::vector<Id> reported;
    EXPECT_FALSE(test::run_locked(GetParam(), test::RepoBuilder::forward(store), reported));
    EXPECT_TRUE(reported.empty());
    EXPECT_EQ(files_by_kind(store), before);
  }
};

TEST_P(ForeignLock, BlocksAndStays) {
  EngineStore original(GetParam());
  for (const bool exclusive : {true, false}) {
    if (!exclusive && GetParam().mode == LockMode::shared) continue;
    for (const Foreign& foreign : foreign_locks(exclusive)) {
      SCOPED_TRACE(foreign.what);
      MemBackend store;
      test::copy_store(original.store(), store);
      test::open(store)->save_json(FileKind::lock, foreign.json);
      expect_refused(store);
      original.expect_nothing_lost(store, {});
    }
  }
}

class SharedForeignLock : public ForeignLock {};

TEST_P(SharedForeignLock, StaysWhereOneMayShare) {
  EngineStore original(GetParam());
  for (const Foreign& foreign : foreign_locks(false)) {
    SCOPED_TRACE(foreign.what);
    MemBackend store;
    test::copy_store(original.store(), store);
    test::open(store)->save_json(FileKind::lock, foreign.json);
    std::vector<Id> reported;
    EXPECT_TRUE(test::run_locked(GetParam(), test::RepoBuilder::forward(store), reported));
    EXPECT_EQ(store.list(FileKind::lock).size(), 1U);
    original.expect_nothing_lost(store, reported);
  }
}

TEST_P(ForeignLock, ThatCannotBeReadBlocksAndStays) {
  EngineStore original(GetParam());
  for (const std::string& content : {std::string(200, 'x'), std::string("{}")}) {
    MemBackend store;
    test::copy_store(original.store(), store);
    store.save({.kind = FileKind::lock, .id = {}}, Buffer(as_bytes(content)));
    expect_refused(store);
  }
  MemBackend store;
  test::copy_store(original.store(), store);
  test::open(store)->save_json(FileKind::lock, R"({"hostname":"elsewhere"})");
  expect_refused(store);
}

TEST_P(ForeignLock, ThatIsEmptyIsNone) {
  EngineStore original(GetParam());
  MemBackend store;
  test::copy_store(original.store(), store);
  store.save({.kind = FileKind::lock, .id = {}}, Buffer());
  std::vector<Id> reported;
  EXPECT_TRUE(test::run_locked(GetParam(), test::RepoBuilder::forward(store), reported));
  original.expect_nothing_lost(store, reported);
}

INSTANTIATE_TEST_SUITE_P(For, ForeignLock, testing::ValuesIn(test::every_engine()),
                         test::engine_name);

std::vector<Engine> sharing_engines() {
  std::vector<Engine> engines = test::every_engine();
  std::erase_if(engines, [](const Engine& engine) { return engine.mode != LockMode::shared; });
  return engines;
}
INSTANTIATE_TEST_SUITE_P(For, SharedForeignLock, testing::ValuesIn(sharing_engines()),
                         test::engine_name);

}  // namespace
}  // namespace medsave
