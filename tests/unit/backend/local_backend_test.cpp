#include "medsave/backend/local_backend.hpp"

#include "support/matchers.hpp"
#include "support/temp_dir.hpp"

#include "medsave/backend/file_layout.hpp"
#include "medsave/sys/file_info.hpp"
#include "medsave/sys/file_io.hpp"

#include <gtest/gtest.h>

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace medsave::test {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMiB = 1 << 20;

Id id_of(unsigned n) {
  Id id;
  id.bytes()[0] = static_cast<std::byte>(n);
  id.bytes()[31] = std::byte{1};
  return id;
}

unsigned mode_of(const std::string& path) {
  return lstat_at(kCurrentDirectory, path).value().mode & 07777;
}

class LocalBackendTest : public testing::Test {
 protected:
  void SetUp() override { backend_->create(); }
  std::vector<std::string> leftovers() const {
    std::vector<std::string> found;
    for (const auto& entry : fs::recursive_directory_iterator(root_)) {
      if (is_temporary_name(entry.path().filename().string())) found.push_back(entry.path());
    }
    return found;
  }
  void save(const FileRef& file, std::string_view content) {
    backend_->save(file, Buffer(as_bytes(content)));
  }

  TempDir temp_{TempDir::memory()};
  std::string root_ = temp_ / "repo";
  std::unique_ptr<Backend> backend_ = make_local_backend(root_);
};

/// Limits the size of files, as a full medium would, while it lives.
class SmallFiles {
 public:
  explicit SmallFiles(rlim_t bytes) {
    ::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &old_);
    const rlimit small{.rlim_cur = bytes, .rlim_max = old_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &small);
  }
  ~SmallFiles() { ::setrlimit(RLIMIT_FSIZE, &old_); }
  SmallFiles(const SmallFiles&) = delete;
  SmallFiles& operator=(const SmallFiles&) = delete;

 private:
  rlimit old_{};
};

TEST_F(LocalBackendTest, LayoutAndModesAreThoseOfTheFormat) {
  const mode_t old = ::umask(0);
  const TempDir temp(TempDir::memory());
  const auto backend = make_local_backend(temp / "deep/repo/");
  backend->create();
  backend->save({.kind = FileKind::config}, Buffer(as_bytes("c")));
  backend->save({.kind = FileKind::key, .id = id_of(1)}, Buffer(as_bytes("k")));
  backend->save({.kind = FileKind::pack, .id = id_of(0xab)}, Buffer(as_bytes("p")));
  backend->barrier();
  ::umask(old);
  const std::string root = temp / "deep/repo";
  for (const char* folder : {"", "/keys", "/locks", "/snapshots", "/index", "/data", "/data/00",
                             "/data/7f", "/data/ff"}) {
    EXPECT_EQ(mode_of(root + folder), 0700U) << folder;
  }
  EXPECT_EQ(mode_of(root + "/config"), 0400U);
  EXPECT_EQ(mode_of(root + "/keys/" + id_of(1).hex()), 0400U);
  EXPECT_EQ(mode_of(root + "/data/ab/" + id_of(0xab).hex()), 0400U);
}

TEST_F(LocalBackendTest, AGroupReadableConfigMakesGroupReadableFiles) {
  save({.kind = FileKind::config}, "c");
  fs::permissions(root_ + "/config", fs::perms(0440));
  fs::remove(root_ + "/data/ab");
  const auto shared = make_local_backend(root_);
  shared->save({.kind = FileKind::pack, .id = id_of(0xab)}, Buffer(as_bytes("p")));
  shared->barrier();
  EXPECT_EQ(mode_of(root_ + "/data/ab"), 0770U);
  EXPECT_EQ(mode_of(root_ + "/data/ab/" + id_of(0xab).hex()), 0440U);
}

TEST_F(LocalBackendTest, ARelativePathSurvivesAChangeOfFolder) {
  const fs::path before = fs::current_path();
  fs::current_path(temp_.path());
  const auto backend = make_local_backend("repo");
  fs::current_path("/");
  backend->save({.kind = FileKind::index, .id = id_of(1)}, Buffer(as_bytes("i")));
  fs::current_path(before);
  EXPECT_EQ(backend->location(), "repo");
  EXPECT_EQ(backend_->list(FileKind::index).size(), 1U);
}

TEST_F(LocalBackendTest, ForeignNamesAreInvisibleAndLeftoversGoOnRequest) {
  const std::string hex = id_of(0x12).hex();
  const std::vector<std::string> partial = {"/data/12/" + hex + "-tmp-123", "/config-tmp-9",
                                            "/index/" + hex + "-tmp-0"};
  const std::vector<std::string> foreign = {"/data/12/notes.txt", "/data/12/" + hex + "-tmp-x",
                                            "/index/README", "/snapshots/x-tmp-1",
                                            "/data/12/" + hex + "-tmp-"};
  for (const std::string& name : partial) std::ofstream(root_ + name) << "12345";
  for (const std::string& name : foreign) std::ofstream(root_ + name) << "keep";
  std::ofstream(root_ + "/data/file") << "keep";
  fs::create_directory(root_ + "/index/" + hex);
  save({.kind = FileKind::pack, .id = id_of(0x12)}, "p");
  backend_->barrier();
  EXPECT_EQ(backend_->list(FileKind::pack).size(), 1U);
  EXPECT_TRUE(backend_->list(FileKind::index).empty());
  EXPECT_TRUE(backend_->list(FileKind::snapshot).empty());
  EXPECT_EQ(backend_->remove_leftovers(), 15U);
  for (const std::string& name : partial) EXPECT_FALSE(fs::exists(root_ + name)) << name;
  for (const std::string& name : foreign) EXPECT_TRUE(fs::exists(root_ + name)) << name;
  EXPECT_EQ(backend_->list(FileKind::pack).size(), 1U);
}

TEST_F(LocalBackendTest, MissingFoldersListAsEmptyAndAreMadeAgain) {
  fs::remove_all(root_ + "/index");
  fs::remove_all(root_ + "/data");
  EXPECT_TRUE(backend_->list(FileKind::index).empty());
  EXPECT_TRUE(backend_->list(FileKind::pack).empty());
  save({.kind = FileKind::index, .id = id_of(1)}, "i");
  save({.kind = FileKind::pack, .id = id_of(2)}, "p");
  backend_->barrier();
  EXPECT_EQ(backend_->list(FileKind::index).size(), 1U);
  EXPECT_EQ(backend_->list(FileKind::pack).size(), 1U);
}

TEST_F(LocalBackendTest, AFolderThatNeverWasListsAsEmpty) {
  const auto backend = make_local_backend(temp_ / "nothing");
  EXPECT_TRUE(backend->list(FileKind::key).empty());
  EXPECT_FALSE(backend->size({.kind = FileKind::config}));
  Buffer out;
  EXPECT_THAT([&] { backend->load({.kind = FileKind::config}, kMiB, out); },
              throws_errc(Errc::not_found));
}

TEST_F(LocalBackendTest, AVanishedMediumIsAnErrorEverywhere) {
  save({.kind = FileKind::index, .id = id_of(1)}, "i");
  fs::rename(root_, temp_ / "unplugged");
  Buffer out;
  EXPECT_THAT([&] { backend_->load({.kind = FileKind::index, .id = id_of(1)}, kMiB, out); },
              throws_errc(Errc::io));
  EXPECT_THAT([&] { backend_->list(FileKind::index); }, throws_errc(Errc::io));
  EXPECT_THAT([&] { backend_->list(FileKind::pack); }, throws_errc(Errc::io));
  EXPECT_THAT([&] { save({.kind = FileKind::index, .id = id_of(2)}, "i"); }, throws_errc(Errc::io));
  EXPECT_FALSE(fs::exists(root_));
}

TEST_F(LocalBackendTest, APackIsWholeOrInvisibleAndWaitsForNobodysBarrier) {
  const FileRef file{.kind = FileKind::pack, .id = id_of(1)};
  save(file, std::string(kMiB, 'p'));
  EXPECT_EQ(backend_->size(file), kMiB);  // waits for it
  Buffer out;
  backend_->load(file, kMiB, out);
  EXPECT_EQ(out.size(), kMiB);
  EXPECT_TRUE(leftovers().empty());
}

TEST_F(LocalBackendTest, ManyPacksPassThroughTheQueue) {
  for (unsigned i = 0; i < 100; ++i) save({.kind = FileKind::pack, .id = id_of(i)}, "pack");
  backend_->barrier();
  EXPECT_EQ(backend_->list(FileKind::pack).size(), 100U);
  EXPECT_TRUE(leftovers().empty());
}

TEST_F(LocalBackendTest, WhatIsPendingAtTheEndLeavesNoPartialFiles) {
  for (unsigned i = 0; i < 12; ++i) save({.kind = FileKind::pack, .id = id_of(i)}, "pack");
  backend_.reset();
  EXPECT_TRUE(leftovers().empty());
}

TEST_F(LocalBackendTest, AFailedWriteLeavesNothingBehind) {
  save({.kind = FileKind::pack, .id = id_of(1)}, "small");
  backend_->barrier();
  {
    const SmallFiles limit(1000);
    EXPECT_THROW(save({.kind = FileKind::pack, .id = id_of(2)}, std::string(5000, 'x')), Error);
    EXPECT_THROW(save({.kind = FileKind::index, .id = id_of(3)}, std::string(5000, 'x')), Error);
  }
  EXPECT_TRUE(leftovers().empty());
  EXPECT_EQ(backend_->list(FileKind::pack).size(), 1U);
  EXPECT_TRUE(backend_->list(FileKind::index).empty());
}

TEST_F(LocalBackendTest, AFailureInTheBackgroundStaysAndIsToldEveryTime) {
  const FileRef file{.kind = FileKind::pack, .id = id_of(1)};
  const std::string path = root_ + "/data/01/" + id_of(1).hex();
  fs::create_directory(path);  // the rename onto it must fail
  save(file, "pack");
  EXPECT_THROW(backend_->barrier(), Error);
  EXPECT_THROW(backend_->barrier(), Error);
  EXPECT_THROW(save({.kind = FileKind::pack, .id = id_of(2)}, "pack"), Error);
  EXPECT_THROW(save({.kind = FileKind::index, .id = id_of(2)}, "index"), Error);
  EXPECT_TRUE(leftovers().empty());
  EXPECT_NO_THROW(backend_->remove({.kind = FileKind::lock, .id = id_of(3)}));
}

TEST_F(LocalBackendTest, ReadingGoesOnWhenMorePacksAreOpenThanKept) {
  for (unsigned i = 0; i < 40; ++i) save({.kind = FileKind::pack, .id = id_of(i)}, "0123456789");
  backend_->barrier();
  Buffer out;
  for (unsigned round = 0; round < 2; ++round) {
    for (unsigned i = 0; i < 40; ++i) {
      backend_->load_range({.kind = FileKind::pack, .id = id_of(i)}, 2, 3, out);
      EXPECT_EQ(as_text(out.view()), "234");
    }
  }
  backend_->remove({.kind = FileKind::pack, .id = id_of(39)});
  EXPECT_THAT([&] { backend_->load_range({.kind = FileKind::pack, .id = id_of(39)}, 2, 3, out); },
              throws_errc(Errc::not_found));
}

}  // namespace
}  // namespace medsave::test
