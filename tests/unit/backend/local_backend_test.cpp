#include "medsave/backend/local_backend.hpp"

#include "support/matchers.hpp"
#include "support/temp_dir.hpp"
#include "support/time_and_chance.hpp"

#include "medsave/backend/cache_backend.hpp"
#include "medsave/backend/file_layout.hpp"
#include "medsave/backend/limit_backend.hpp"
#include "medsave/base/clock.hpp"
#include "medsave/sys/file_info.hpp"
#include "medsave/sys/file_io.hpp"

#include <gtest/gtest.h>

#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace medsave::test {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr FileKind kKinds[] = {FileKind::key, FileKind::lock, FileKind::snapshot, FileKind::index,
                               FileKind::pack};

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
  static std::string folder_of(FileKind kind) { return FileLayout("").folder_of(kind).substr(1); }
  void write(const std::string& name, std::string_view content, std::chrono::hours age) const {
    std::ofstream(root_ + name) << content;
    fs::last_write_time(root_ + name, fs::file_time_type::clock::now() - age);
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

TEST_F(LocalBackendTest, TakesNoMemoryForARangeThatIsNotThere) {
  const FileRef pack{.kind = FileKind::pack, .id = id_of(1)};
  backend_->save(pack, Buffer(1000));
  Buffer out;
  for (const std::uint64_t offset : {0U, 999U, 5000U}) {
    EXPECT_THAT([&] { backend_->load_range(pack, offset, 4'000'000'000, out); },
                throws_errc(Errc::corrupt));
    EXPECT_LT(out.capacity(), 1000U);
  }
}

/// Whether the page cache has all of the file.
bool is_in_memory(const std::string& path) {
  const UniqueFd fd = open_file_at(kCurrentDirectory, path);
  const auto size = static_cast<std::size_t>(fstat_fd(fd.get()).size);
  void* const pages = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd.get(), 0);
  EXPECT_NE(pages, MAP_FAILED);
  const auto page_size = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  std::vector<unsigned char> present((size + page_size - 1) / page_size);
  EXPECT_EQ(::mincore(pages, size, present.data()), 0);
  ::munmap(pages, size);
  return std::ranges::all_of(present, [](unsigned char page) { return (page & 1) != 0; });
}

TEST_F(LocalBackendTest, APackIsReadFromTheMediumAfterItWasDroppedFromMemory) {
  const TempDir disk;
  struct statfs medium = {};
  ASSERT_EQ(::statfs(disk.path().c_str(), &medium), 0);
  constexpr long kTmpfs = 0x01021994;
  if (medium.f_type == kTmpfs) GTEST_SKIP() << "files of a tmpfs are nowhere but in memory";
  const auto backend = make_local_backend(disk / "repo");
  backend->create();
  const FileRef pack{.kind = FileKind::pack, .id = id_of(0xab)};
  backend->save(pack, Buffer(100'000));
  backend->barrier();
  Buffer out;
  backend->load(pack, kMiB, out);
  const std::string path = disk / ("repo/data/ab/" + pack.id.hex());
  ASSERT_TRUE(is_in_memory(path));
  backend->drop_from_memory(pack);
  EXPECT_FALSE(is_in_memory(path));
}

TEST_F(LocalBackendTest, ForeignNamesAreInvisibleAndLeftoversGoOnRequest) {
  const std::string hex = id_of(0x12).hex();
  const std::vector<std::string> partial = {"/data/12/" + hex + "-tmp-123", "/config-tmp-9",
                                            "/index/" + hex + "-tmp-0"};
  const std::vector<std::string> foreign = {"/data/12/notes.txt", "/data/12/" + hex + "-tmp-x",
                                            "/index/README", "/snapshots/x-tmp-1",
                                            "/data/12/" + hex + "-tmp-"};
  for (const std::string& name : partial) write(name, "12345", 25h);
  for (const std::string& name : foreign) write(name, "keep", 25h);
  std::ofstream(root_ + "/data/file") << "keep";
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

TEST_F(LocalBackendTest, WhateverHasTheNameOfAFileIsListed) {
  const FileRef moved{.kind = FileKind::snapshot, .id = id_of(1)};
  const FileRef lost{.kind = FileKind::snapshot, .id = id_of(2)};
  const FileRef folder{.kind = FileKind::snapshot, .id = id_of(3)};
  const auto path = [&](const FileRef& file) { return root_ + "/snapshots/" + file.id.hex(); };
  std::ofstream(root_ + "/elsewhere") << "content";
  fs::create_symlink(root_ + "/elsewhere", path(moved));
  fs::create_symlink(root_ + "/nowhere", path(lost));
  fs::create_directory(path(folder));
  EXPECT_EQ(backend_->list(FileKind::snapshot).size(), 3U);
  EXPECT_EQ(backend_->size(moved), 7U);
  EXPECT_EQ(backend_->size(lost), 0U);
  Buffer content;
  backend_->load(moved, 100, content);
  EXPECT_EQ(as_text(content.view()), "content");
  EXPECT_THROW(backend_->load(lost, 100, content), Error);
  EXPECT_THROW(backend_->load(folder, 100, content), Error);
}

TEST_F(LocalBackendTest, AsksOnceMoreBeforeAFileGetsItsName) {
  bool allowed = true;
  backend_->before_publishing([&] {
    if (!allowed) throw Error(Errc::locked, "the lock is lost");
  });
  save({.kind = FileKind::index, .id = id_of(1)}, "i");
  allowed = false;
  for (const FileKind kind : {FileKind::index, FileKind::snapshot, FileKind::key}) {
    EXPECT_THROW(save({.kind = kind, .id = id_of(2)}, "x"), Error);
    EXPECT_EQ(backend_->size({.kind = kind, .id = id_of(2)}), std::nullopt);
  }
  EXPECT_THROW(backend_->remove({.kind = FileKind::index, .id = id_of(1)}), Error);
  EXPECT_TRUE(backend_->size({.kind = FileKind::index, .id = id_of(1)}));
  EXPECT_NO_THROW(save({.kind = FileKind::lock, .id = id_of(3)}, "l"));
  backend_->remove_unguarded({.kind = FileKind::index, .id = id_of(1)});
  EXPECT_FALSE(backend_->size({.kind = FileKind::index, .id = id_of(1)}));
}

TEST_F(LocalBackendTest, TemporaryFilesOfOneWhoMayStillWriteAreLeftAlone) {
  const std::string hex = id_of(0x12).hex();
  write("/data/12/" + hex + "-tmp-123", "of a living one", 23h);
  write("/index/" + hex + "-tmp-1", "just begun", 0h);
  EXPECT_EQ(backend_->remove_leftovers(), 0U);
  EXPECT_EQ(leftovers().size(), 2U);
}

TEST_F(LocalBackendTest, AgesOfLeftoversCountByTheClockOfThisComputerToo) {
  const std::string hex = id_of(0x12).hex();
  write("/data/12/" + hex + "-tmp-123", "12345", 48h);
  const SetClock behind(system_clock().now().seconds - 2 * 24 * 3600);
  EXPECT_EQ(make_local_backend(root_, 2, behind)->remove_leftovers(), 0U);
  EXPECT_EQ(backend_->remove_leftovers(), 5U);
}

TEST_F(LocalBackendTest, AgesOfLeftoversCountByTheClockOfTheMediumToo) {
  // A server whose clock is two days behind: what it has just stored looks old from here.
  write("/data/12/" + id_of(0x12).hex() + "-tmp-123", "of a living one", 48h);
  write("/locks/" + id_of(1).hex(), "just stored", 48h);
  fs::last_write_time(root_ + "/locks", fs::file_time_type::clock::now() - 48h);
  EXPECT_EQ(backend_->remove_leftovers(), 0U);
  // FAT keeps the time at which a folder was made.
  write("/locks/" + id_of(2).hex(), "just stored", 22h);
  fs::last_write_time(root_ + "/locks", fs::file_time_type::clock::now() - 200h);
  EXPECT_GT(backend_->remove_leftovers(), 0U);
}

TEST_F(LocalBackendTest, WithoutAConfigMissingFoldersListAsEmpty) {
  for (const FileKind kind : kKinds) {
    fs::remove_all(root_ + "/" + folder_of(kind));
    EXPECT_TRUE(backend_->list(kind).empty());
  }
}

TEST_F(LocalBackendTest, AMissingFolderOfARepositoryIsAnErrorAndNotEmpty) {
  save({.kind = FileKind::config}, "c");
  backend_->barrier();
  for (const FileKind kind : {FileKind::key, FileKind::snapshot, FileKind::index, FileKind::pack}) {
    const std::string folder = folder_of(kind);
    SCOPED_TRACE(folder);
    fs::rename(root_ + "/" + folder, temp_ / folder);
    const auto other = make_local_backend(root_);  // one who comes when it is missing already
    for (Backend* backend : {backend_.get(), other.get()}) {
      EXPECT_THAT([&] { backend->list(kind); }, throws_errc(Errc::corrupt));
      EXPECT_THROW(
          {
            backend->save({.kind = kind, .id = id_of(1)}, Buffer(as_bytes("x")));
            backend->barrier();
          },
          Error);
    }
    EXPECT_FALSE(fs::exists(root_ + "/" + folder));
    fs::rename(temp_ / folder, root_ + "/" + folder);
  }
}

TEST_F(LocalBackendTest, AFolderIsMissingAlsoWhenTheConfigIsGoneMeanwhile) {
  save({.kind = FileKind::config}, "c");
  const auto other = make_local_backend(root_);
  for (const auto& entry : fs::directory_iterator(root_)) fs::remove_all(entry.path());
  EXPECT_THAT([&] { backend_->list(FileKind::snapshot); }, throws_errc(Errc::corrupt));
  EXPECT_THAT([&] { other->list(FileKind::snapshot); }, throws_errc(Errc::corrupt));
}

TEST_F(LocalBackendTest, FoldersThatHeldNothingAreMadeAgain) {
  save({.kind = FileKind::config}, "c");
  fs::remove_all(root_ + "/locks");
  fs::remove_all(root_ + "/data/02");
  EXPECT_TRUE(backend_->list(FileKind::lock).empty());
  EXPECT_TRUE(backend_->list(FileKind::pack).empty());
  save({.kind = FileKind::lock, .id = id_of(1)}, "l");
  save({.kind = FileKind::pack, .id = id_of(2)}, "p");
  backend_->barrier();
  EXPECT_EQ(backend_->list(FileKind::lock).size(), 1U);
  EXPECT_EQ(backend_->list(FileKind::pack).size(), 1U);
}

TEST_F(LocalBackendTest, AFolderOfPacksOnADriveThatIsAwayIsAnError) {
  fs::remove(root_ + "/data/ab");
  fs::create_symlink("/nowhere/ab", root_ + "/data/ab");
  EXPECT_THAT([&] { backend_->list(FileKind::pack); }, throws_errc(Errc::io));
}

TEST_F(LocalBackendTest, AFolderThatNeverWasListsAsEmpty) {
  const auto backend = make_local_backend(temp_ / "nothing");
  EXPECT_TRUE(backend->list(FileKind::key).empty());
  EXPECT_FALSE(backend->size({.kind = FileKind::config}));
  Buffer out;
  EXPECT_THAT([&] { backend->load({.kind = FileKind::config}, kMiB, out); },
              throws_errc(Errc::not_found));
}

TEST_F(LocalBackendTest, NothingCountsAsSavedOnceThePathLeadsToNothing) {
  save({.kind = FileKind::config}, "c");
  save({.kind = FileKind::index, .id = id_of(1)}, "i");
  backend_->barrier();
  save({.kind = FileKind::index, .id = id_of(2)}, "i");
  fs::rename(root_, temp_ / "unplugged");
  Buffer out;
  backend_->load({.kind = FileKind::index, .id = id_of(1)}, kMiB, out);  // it is still held
  EXPECT_THAT([&] { backend_->barrier(); }, throws_errc(Errc::io));
  EXPECT_THAT([&] { save({.kind = FileKind::pack, .id = id_of(2)}, "p"); }, throws_errc(Errc::io));
  EXPECT_THAT([&] { backend_->barrier(); }, throws_errc(Errc::io));
  EXPECT_FALSE(fs::exists(root_));
}

TEST_F(LocalBackendTest, NothingIsMadeInAnotherFolderThatIsPutInItsPlace) {
  save({.kind = FileKind::config}, "c");
  backend_->barrier();
  fs::rename(root_, temp_ / "unplugged");
  fs::create_directory(root_);
  EXPECT_THAT([&] { backend_->barrier(); }, throws_errc(Errc::io));
  EXPECT_THAT([&] { save({.kind = FileKind::lock, .id = id_of(2)}, "l"); }, throws_errc(Errc::io));
  EXPECT_THAT([&] { backend_->replace_config(Buffer(as_bytes("d"))); }, throws_errc(Errc::io));
  EXPECT_TRUE(fs::is_empty(root_));
  fs::remove(root_);
  fs::rename(temp_ / "unplugged", root_);
  EXPECT_NO_THROW(backend_->barrier());
}

TEST_F(LocalBackendTest, ARemovedRepositoryIsAnErrorEverywhere) {
  save({.kind = FileKind::index, .id = id_of(1)}, "i");
  fs::remove_all(root_);
  Buffer out;
  const FileRef file{.kind = FileKind::index, .id = id_of(1)};
  EXPECT_THAT([&] { backend_->load(file, kMiB, out); }, throws_errc(Errc::io));
  EXPECT_THAT([&] { backend_->size(file); }, throws_errc(Errc::io));
  EXPECT_THAT([&] { backend_->remove(file); }, throws_errc(Errc::io));
  EXPECT_THAT([&] { backend_->list(FileKind::index); }, throws_errc(Errc::io));
  EXPECT_THAT([&] { backend_->list(FileKind::pack); }, throws_errc(Errc::io));
  EXPECT_THAT([&] { backend_->list(FileKind::lock); }, throws_errc(Errc::io));
  EXPECT_THAT([&] { save({.kind = FileKind::lock, .id = id_of(2)}, "l"); }, throws_errc(Errc::io));
  EXPECT_FALSE(fs::exists(root_));
}

/// What must have been synced before cannot be: its folder is away. So each of these shows that the
/// names that were listed or read are made durable first.
TEST_F(LocalBackendTest, NamesThatWereListedAreDurableBeforeAnythingIsBuiltOnThem) {
  const FileRef index{.kind = FileKind::index, .id = id_of(1)};
  const FileRef snapshot{.kind = FileKind::snapshot, .id = id_of(1)};
  const FileRef key{.kind = FileKind::key, .id = id_of(1)};
  for (const FileRef& file : {index, snapshot, key}) save(file, "x");
  backend_->barrier();
  using Act = std::function<void(Backend&)>;
  const std::vector<std::pair<FileKind, Act>> cases = {
      {FileKind::index, [&](Backend& b) { b.save(snapshot, Buffer(as_bytes("s"))); }},
      {FileKind::snapshot, [&](Backend& b) { b.save(index, Buffer(as_bytes("i"))); }},
      {FileKind::snapshot, [&](Backend& b) { b.remove(index); }},
      {FileKind::index, [&](Backend& b) { b.remove({.kind = FileKind::pack, .id = id_of(9)}); }},
      {FileKind::snapshot, [&](Backend& b) { b.replace_config(Buffer(as_bytes("c"))); }},
      {FileKind::key, [&](Backend& b) { b.remove(snapshot); }},
  };
  for (std::size_t i = 0; i < cases.size(); ++i) {
    SCOPED_TRACE(i);
    const std::string folder = root_ + "/" + folder_of(cases[i].first);
    const FileRef nothing{.kind = FileKind::snapshot, .id = id_of(99)};
    const auto lists = make_local_backend(root_);
    lists->remove(nothing);  // all is durable that was there before
    lists->list(cases[i].first);
    const auto reads = make_local_backend(root_);
    reads->remove(nothing);
    Buffer out;
    reads->load({.kind = cases[i].first, .id = id_of(1)}, kMiB, out);
    fs::rename(folder, temp_ / "away");
    EXPECT_THROW(cases[i].second(*lists), Error);
    EXPECT_THROW(cases[i].second(*reads), Error);
    EXPECT_TRUE(leftovers().empty());
    fs::rename(temp_ / "away", folder);
  }
  EXPECT_TRUE(backend_->size(index));
  EXPECT_TRUE(backend_->size(snapshot));
}

TEST_F(LocalBackendTest, WhatWasThereBeforeIsDurableBeforeAnythingIsAdded) {
  save({.kind = FileKind::config}, "c");
  backend_->barrier();
  for (const FileKind kind : {FileKind::key, FileKind::snapshot, FileKind::index}) {
    const std::string folder = root_ + "/" + folder_of(kind);
    const auto other = make_local_backend(root_);
    fs::rename(folder, temp_ / "away");
    const FileKind added = kind == FileKind::index ? FileKind::snapshot : FileKind::index;
    EXPECT_THROW(other->save({.kind = added, .id = id_of(1)}, Buffer(as_bytes("x"))), Error);
    fs::rename(temp_ / "away", folder);
    EXPECT_TRUE(other->list(added).empty());
  }
}

TEST_F(LocalBackendTest, APackThatWasReadIsDurableBeforeAnIndexNamesIt) {
  const FileRef pack{.kind = FileKind::pack, .id = id_of(7)};
  save(pack, "0123456789");
  backend_->barrier();
  const auto other = make_local_backend(root_);
  Buffer out;
  other->load_range(pack, 2, 3, out);
  fs::rename(root_ + "/data/07", temp_ / "away");
  EXPECT_THROW(other->save({.kind = FileKind::index, .id = id_of(1)}, Buffer(as_bytes("i"))),
               Error);
  EXPECT_TRUE(backend_->list(FileKind::index).empty());
}

TEST_F(LocalBackendTest, TheReserveIsRealSpaceThatIsGivenUpOnce) {
  const std::string reserve = root_ + "/medsave/reserve";
  const FileInfo info = lstat_at(kCurrentDirectory, reserve).value();
  EXPECT_EQ(info.size, kMiB);
  EXPECT_GE(info.allocated, kMiB);
  EXPECT_EQ(info.mode & 07777, 0600U);
  const std::uint64_t before = free_space(root_).value();
  EXPECT_TRUE(backend_->give_up_reserve());
  EXPECT_FALSE(fs::exists(reserve));
  EXPECT_FALSE(backend_->give_up_reserve());
  EXPECT_GT(free_space(root_).value(), before);
  backend_->renew_reserve();
  EXPECT_EQ(fs::file_size(reserve), kMiB);
  fs::resize_file(reserve, 1000);  // one whose making was cut short
  backend_->renew_reserve();
  EXPECT_EQ(fs::file_size(reserve), kMiB);
}

TEST_F(LocalBackendTest, ARepositoryOfAnotherProgramGetsNoReserve) {
  fs::remove_all(root_ + "/medsave");
  backend_->renew_reserve();
  EXPECT_FALSE(fs::exists(root_ + "/medsave"));
  EXPECT_FALSE(backend_->give_up_reserve());
}

TEST_F(LocalBackendTest, DecoratorsGiveUpAndRenewTheReserveOfTheMedium) {
  const std::string reserve = root_ + "/medsave/reserve";
  const auto limited = limit_rate(
      make_cache_backend(std::move(backend_), temp_ / "cache", id_of(1).hex()), 1U << 30, 1U << 30);
  EXPECT_TRUE(limited->give_up_reserve());
  EXPECT_FALSE(fs::exists(reserve));
  limited->renew_reserve();
  EXPECT_TRUE(fs::exists(reserve));
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
