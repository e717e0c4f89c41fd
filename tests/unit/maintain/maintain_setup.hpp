#pragma once

#include "support/crash_backend.hpp"
#include "support/faulty_backend.hpp"
#include "support/matchers.hpp"
#include "support/repo_builder.hpp"

#include "medsave/repo/blob_reader.hpp"
#include "medsave/repo/index_load.hpp"
#include "medsave/snap/snapshot_finder.hpp"
#include "medsave/snap/tree_walker.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <string>

namespace medsave::test {

/// Path -> content of each file, "/" behind the path of each folder.
using Files = std::map<std::string, std::string>;

/// All of a snapshot, read back. Throws for whatever cannot be read.
inline Files read_files(const Repository& repository, const Id& tree) {
  const auto index = load_index(repository, {});
  const BlobReader reader(repository, *index);
  Files files;
  walk_tree(reader, tree, "",
            [&](const WalkedNode& walked) {
              if (walked.node->type == NodeType::dir) {
                files[walked.path + "/"] = "";
                return true;
              }
              std::string& content = files[walked.path];
              Buffer plain;
              for (const Id& id : walked.node->content) {
                reader.load({.kind = BlobKind::data, .id = id}, plain);
                content += as_text(plain.view());
              }
              EXPECT_EQ(content.size(), walked.node->size) << walked.path;
              return true;
            },
            {}, {});
  return files;
}

inline std::vector<SnapshotEntry> snapshots_of(const Repository& repository) {
  return load_snapshots(repository, {});
}

inline std::unique_ptr<Repository> open(Backend& store) {
  return RepoBuilder::open(RepoBuilder::forward(store));
}

inline void copy_store(MemBackend& from, MemBackend& to) {
  Buffer content;
  from.load({.kind = FileKind::config}, ~0ULL, content);
  to.save({.kind = FileKind::config}, Buffer(content.view()));
  for (const FileKind kind : {FileKind::key, FileKind::snapshot, FileKind::index, FileKind::pack}) {
    for (const ListedFile& file : from.list(kind)) {
      from.load({.kind = kind, .id = file.id}, ~0ULL, content);
      to.save({.kind = kind, .id = file.id}, Buffer(content.view()));
    }
  }
}

/// How requests fail: one of them, all from then on, or by a power cut, which loses a part of what
/// no barrier has made durable.
enum class Failure { once, from_then_on, power_cut };
inline constexpr Failure kFailures[] = {Failure::once, Failure::from_then_on, Failure::power_cut};

/// Calls run(repository) on copies of `store` that fail at the n-th request, for n = 1, 2, ...
/// until all have had their turn. Then verify(copy) looks at what is left.
inline void sweep_faults(MemBackend& store, Failure failure,
                         const std::function<void(const Repository&)>& run,
                         const std::function<void(MemBackend&)>& verify) {
  for (unsigned n = 1; n < 2000; ++n) {
    SCOPED_TRACE(n);
    MemBackend disk;
    copy_store(store, disk);
    CrashBackend crash(disk);
    Backend& medium = failure == Failure::power_cut ? static_cast<Backend&>(crash) : disk;
    bool fired = true;
    try {
      auto backend = std::make_unique<FaultyBackend>(medium, n, Error(Errc::io, "injected"),
                                                     failure != Failure::once);
      const FaultyBackend& faulty = *backend;
      const auto repository = RepoBuilder::open(std::move(backend));
      run(*repository);
      fired = faulty.fired();
    } catch (const Error& e) {
      EXPECT_NE(std::string(e.what()).find("injected"), std::string::npos) << e.what();
    }
    crash.crash(n);
    verify(disk);
    if (!fired || ::testing::Test::HasFailure()) return;
  }
  ADD_FAILURE() << "never came to its end";
}

}  // namespace medsave::test
