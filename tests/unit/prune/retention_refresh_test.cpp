#include "medsave/prune/retention_refresh.hpp"

#include "support/matchers.hpp"
#include "support/repo_builder.hpp"

#include "medsave/repo/index_files.hpp"
#include "medsave/repo/index_load.hpp"

#include <gtest/gtest.h>

#include <map>
#include <mutex>

namespace medsave::test {
namespace {

/// Remembers what was to be protected.
class RetainingStore : public MemBackend {
 public:
  bool retain(const FileRef& file) override {
    if (fails) throw Error(Errc::unsupported, "no object lock here");
    const std::lock_guard lock(mutex_);
    ++asked[file.kind];
    if (file.kind == FileKind::pack) packs.push_back(file.id);
    return file.kind == FileKind::pack;
  }

  bool fails = false;
  std::map<FileKind, unsigned> asked;
  std::vector<Id> packs;

 private:
  std::mutex mutex_;
};

TEST(RefreshRetention, ConcernsWhatTheSnapshotsNeedAndNothingElse) {
  RetainingStore store;
  RepoBuilder repo(store);
  const Id kept = repo.tree({repo.file("file", {"one"})});
  repo.snapshot(kept);
  const Id forgotten = repo.tree({repo.file("file", {"two"})});
  repo.start_packs();
  const auto index = load_index(repo.repository(), {});
  Progress progress;

  EXPECT_EQ(refresh_retention(repo.repository(), *index, {kept}, progress, {}), 2U);
  EXPECT_EQ(store.asked[FileKind::config], 1U);
  EXPECT_EQ(store.asked[FileKind::key], 1U);
  EXPECT_EQ(store.asked[FileKind::snapshot], 1U);
  EXPECT_EQ(store.asked[FileKind::index], store.list(FileKind::index).size());
  EXPECT_EQ(store.asked[FileKind::lock], 0U);
  const Id unneeded = index->find({.kind = BlobKind::tree, .id = forgotten}).value().pack;
  EXPECT_EQ(std::ranges::count(store.packs, unneeded), 0);
}

TEST(RefreshRetention, FailsWhereTheStoreDoes) {
  RetainingStore store;
  RepoBuilder repo(store);
  const Id root = repo.tree({repo.file("file", {"one"})});
  repo.start_packs();
  const auto index = load_index(repo.repository(), {});
  store.fails = true;
  Progress progress;
  EXPECT_THAT([&] { refresh_retention(repo.repository(), *index, {root}, progress, {}); },
              throws_errc(Errc::unsupported));
}

}  // namespace
}  // namespace medsave::test
