#include "medsave/backend/cache_backend.hpp"

#include "support/faulty_backend.hpp"
#include "support/matchers.hpp"
#include "support/temp_dir.hpp"
#include "support/time_and_chance.hpp"

#include "medsave/backend/cache_directories.hpp"
#include "medsave/backend/mem_backend.hpp"
#include "medsave/base/clock.hpp"
#include "medsave/sys/file_info.hpp"
#include "medsave/sys/file_io.hpp"
#include "medsave/sys/metadata.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

namespace medsave::test {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMiB = 1 << 20;

Id id_of(unsigned n) {
  Id id;
  id.bytes()[0] = static_cast<std::byte>(n);
  return id;
}

/// Counts what reaches the repository.
class CountingBackend : public FaultyBackend {
 public:
  explicit CountingBackend(MemBackend& mem) : FaultyBackend(mem, 0, Error(Errc::io, "")) {}
  void load(const FileRef& file, std::uint64_t limit, Buffer& out) override {
    ++loads;
    FaultyBackend::load(file, limit, out);
  }
  void load_range(const FileRef& file, std::uint64_t offset, std::size_t length,
                  Buffer& out) override {
    ++ranges;
    FaultyBackend::load_range(file, offset, length, out);
  }
  std::vector<ListedFile> list(FileKind kind) override {
    std::vector<ListedFile> files = FaultyBackend::list(kind);
    std::erase_if(files, [this](const ListedFile& file) { return file.id == left_out; });
    return files;
  }
  std::atomic<unsigned> loads = 0;
  std::atomic<unsigned> ranges = 0;
  Id left_out = {};  // of every list
};

class CacheBackendTest : public testing::Test {
 protected:
  void SetUp() override { reopen(); }
  void reopen() {
    auto counting = std::make_unique<CountingBackend>(mem_);
    counts_ = counting.get();
    cache_ = make_cache_backend(std::move(counting), temp_ / "cache", repository_, clock_);
  }
  std::string local(const char* kind, unsigned n) const {
    const std::string hex = id_of(n).hex();
    return temp_ / ("cache/" + repository_ + "/" + kind + "/" + hex.substr(0, 2) + "/" + hex);
  }
  std::string load(const FileRef& file) {
    Buffer out;
    cache_->load(file, kMiB, out);
    return std::string(as_text(out.view()));
  }
  std::string load_range(const FileRef& file, std::uint64_t offset, std::size_t length) {
    Buffer out;
    cache_->load_range(file, offset, length, out);
    return std::string(as_text(out.view()));
  }

  TempDir temp_;
  std::string repository_ = id_of(0xaa).hex();
  SetClock clock_;
  MemBackend mem_;
  CountingBackend* counts_ = nullptr;
  std::unique_ptr<CacheBackend> cache_;
  const FileRef index_{.kind = FileKind::index, .id = id_of(1)};
  const FileRef pack_{.kind = FileKind::pack, .id = id_of(2)};
};

TEST_F(CacheBackendTest, ATemporaryOneBeginsEmptyAndLeavesNothing) {
  const FileRef pack{.kind = FileKind::pack, .id = id_of(1)};
  mem_.save(pack, Buffer(as_bytes("0123456789")));
  cache_->note_tree_pack(pack.id);
  load(pack);  // cached for good
  auto counting = std::make_unique<CountingBackend>(mem_);
  const CountingBackend& counts = *counting;
  auto temporary = make_temporary_cache_backend(std::move(counting), temp_ / "cache");
  temporary->note_tree_pack(pack.id);
  Buffer out;
  temporary->load_range(pack, 2, 3, out);
  temporary->load_range(pack, 5, 3, out);
  EXPECT_EQ(as_text(out.view()), "567");
  EXPECT_EQ(counts.loads, 1U);
  EXPECT_EQ(counts.ranges, 0U);
  EXPECT_EQ(list_cache_directories(temp_ / "cache", false, clock_.now()).size(), 2U);
  temporary.reset();
  ASSERT_EQ(list_cache_directories(temp_ / "cache", false, clock_.now()).size(), 1U);
  EXPECT_TRUE(fs::exists(local("data", 1)));
}

TEST_F(CacheBackendTest, FolderIsMarkedAndPrivate) {
  const std::string base = temp_ / "cache";
  EXPECT_TRUE(as_text(read_file(base + "/CACHEDIR.TAG", 100).view())
                  .starts_with("Signature: 8a477f597d28d172789f06886806bc55"));
  EXPECT_EQ(as_text(read_file(base + "/" + repository_ + "/version", 100).view()), "1");
  EXPECT_EQ(stat_at(kCurrentDirectory, base)->mode & 07777, 0700U);
}

TEST_F(CacheBackendTest, ServesIndexAndSnapshotFilesLocally) {
  mem_.save(index_, Buffer(as_bytes("index")));
  EXPECT_EQ(load(index_), "index");
  EXPECT_EQ(load(index_), "index");
  EXPECT_EQ(counts_->loads, 1U);
  EXPECT_EQ(stat_at(kCurrentDirectory, local("index", 1))->mode & 07777, 0600U);
  const FileRef snapshot{.kind = FileKind::snapshot, .id = id_of(5)};
  cache_->save(snapshot, Buffer(as_bytes("snapshot")));
  reopen();
  EXPECT_EQ(load(snapshot), "snapshot");
  EXPECT_EQ(counts_->loads, 0U);
}

TEST_F(CacheBackendTest, KeysLocksAndDataPacksAreNotKept) {
  const FileRef key{.kind = FileKind::key, .id = id_of(1)};
  mem_.save(key, Buffer(as_bytes("key")));
  mem_.save(pack_, Buffer(as_bytes("data pack")));
  load(key);
  load(key);
  load_range(pack_, 0, 4);
  EXPECT_EQ(counts_->loads, 2U);
  EXPECT_EQ(counts_->ranges, 1U);
  EXPECT_FALSE(fs::exists(local("data", 2)));
}

TEST_F(CacheBackendTest, ATreePackIsFetchedOnceEvenByManyThreads) {
  mem_.save(pack_, Buffer(as_bytes("0123456789")));
  cache_->note_tree_pack(pack_.id);
  {
    constexpr int kThreads = 6;
    std::vector<std::jthread> threads;
    threads.reserve(kThreads);
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([this] { EXPECT_EQ(load_range(pack_, 4, 3), "456"); });
    }
  }
  EXPECT_EQ(counts_->loads, 1U);
  EXPECT_EQ(counts_->ranges, 0U);
  EXPECT_TRUE(fs::exists(local("data", 2)));
}

TEST_F(CacheBackendTest, DamagedCopiesAreFetchedAgain) {
  mem_.save(pack_, Buffer(as_bytes("0123456789")));
  mem_.save(index_, Buffer(as_bytes("index")));
  cache_->note_tree_pack(pack_.id);
  load(index_);
  load_range(pack_, 0, 1);
  reopen();
  cache_->note_tree_pack(pack_.id);
  fs::resize_file(local("data", 2), 5);
  EXPECT_EQ(load_range(pack_, 4, 3), "456");
  fs::resize_file(local("index", 1), 0);
  EXPECT_EQ(load(index_), "index");
  std::ofstream(local("index", 1)) << "wrong";
  EXPECT_EQ(load(index_), "wrong");  // only the caller can tell
  cache_->forget(index_);
  EXPECT_EQ(load(index_), "index");
}

TEST_F(CacheBackendTest, ListingRemovesWhatTheRepositoryNoLongerHas) {
  mem_.save(index_, Buffer(as_bytes("index")));
  const FileRef other{.kind = FileKind::index, .id = id_of(9)};
  mem_.save(other, Buffer(as_bytes("other")));
  load(index_);
  load(other);
  mem_.remove(index_);
  fs::resize_file(local("index", 9), 2);
  EXPECT_EQ(cache_->list(FileKind::index).size(), 1U);
  EXPECT_FALSE(fs::exists(local("index", 1)));
  EXPECT_FALSE(fs::exists(local("index", 9)));  // of another length than listed
  EXPECT_EQ(load(other), "other");
  cache_->remove(other);
  EXPECT_FALSE(fs::exists(local("index", 9)));
}

TEST_F(CacheBackendTest, ASnapshotThatAListLeavesOutIsAddedWhereItExists) {
  const FileRef kept{.kind = FileKind::snapshot, .id = id_of(3)};
  const FileRef forgotten{.kind = FileKind::snapshot, .id = id_of(4)};
  for (const FileRef& file : {kept, forgotten}) {
    mem_.save(file, Buffer(as_bytes("snapshot")));
    load(file);
  }
  mem_.remove(forgotten);
  counts_->left_out = kept.id;
  for (int i = 0; i < 2; ++i) {
    const std::vector<ListedFile> files = cache_->list(FileKind::snapshot);
    ASSERT_EQ(files.size(), 1U);
    EXPECT_EQ(files.front().id, kept.id);
    EXPECT_EQ(files.front().size, 8U);
  }
  EXPECT_TRUE(fs::exists(local("snapshots", 3)));
  EXPECT_FALSE(fs::exists(local("snapshots", 4)));
}

TEST_F(CacheBackendTest, WorksWithoutAUsableFolder) {
  std::ofstream(temp_ / "file") << "in the way";
  mem_.save(index_, Buffer(as_bytes("index")));
  mem_.save(pack_, Buffer(as_bytes("0123456789")));
  for (const std::string& id : {repository_, std::string("../escape")}) {
    const auto cache = make_cache_backend(
        std::make_unique<FaultyBackend>(mem_, 0, Error(Errc::io, "")), temp_ / "file/below", id);
    Buffer out;
    cache->load(index_, kMiB, out);
    EXPECT_EQ(as_text(out.view()), "index");
    cache->note_tree_pack(pack_.id);
    cache->load_range(pack_, 1, 2, out);
    EXPECT_EQ(as_text(out.view()), "12");
    EXPECT_EQ(cache->list(FileKind::index).size(), 1U);
  }
  EXPECT_FALSE(fs::exists(temp_ / "escape"));
}

TEST_F(CacheBackendTest, FoldersAreListedWithAgeAndRemoved) {
  const std::string base = temp_ / "cache";
  mem_.save(index_, Buffer(as_bytes("index")));
  load(index_);
  reopen();
  std::vector<CacheDirectory> found = list_cache_directories(base, true, clock_.now());
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].repository_id, repository_);
  EXPECT_EQ(found[0].size, 6U);  // "index" and the version's "1"
  EXPECT_FALSE(found[0].old);
  EXPECT_EQ(found[0].last_used, clock_.seconds);
  clock_.seconds += 30 * 24 * 3600;
  EXPECT_FALSE(list_cache_directories(base, false, clock_.now())[0].old);
  ++clock_.seconds;
  EXPECT_TRUE(list_cache_directories(base, false, clock_.now())[0].old);
  reopen();
  EXPECT_FALSE(list_cache_directories(base, false, clock_.now())[0].old);
  remove_cache_directory(base, repository_);
  EXPECT_TRUE(list_cache_directories(base, false, clock_.now()).empty());
  EXPECT_THAT([&] { remove_cache_directory(base, ".."); }, throws_errc(Errc::usage));
  EXPECT_TRUE(list_cache_directories(temp_ / "nothing", true, clock_.now()).empty());
}

TEST(DefaultCacheBase, FollowsTheEnvironment) {
  for (const char* name : {"MEDSAVE_CACHE_DIR", "RESTIC_CACHE_DIR", "XDG_CACHE_HOME"}) {
    ::unsetenv(name);
  }
  EXPECT_TRUE(default_cache_base().ends_with("/.cache/medsave"));
  ::setenv("XDG_CACHE_HOME", "/x", 1);
  EXPECT_EQ(default_cache_base(), "/x/medsave");
  ::setenv("RESTIC_CACHE_DIR", "/r", 1);
  EXPECT_EQ(default_cache_base(), "/r");
  ::setenv("MEDSAVE_CACHE_DIR", "/m", 1);
  EXPECT_EQ(default_cache_base(), "/m");
  for (const char* name : {"MEDSAVE_CACHE_DIR", "RESTIC_CACHE_DIR", "XDG_CACHE_HOME"}) {
    ::unsetenv(name);
  }
}

}  // namespace
}  // namespace medsave::test
