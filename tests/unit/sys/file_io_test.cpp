#include "medsave/sys/file_io.hpp"

#include "support/matchers.hpp"
#include "support/temp_dir.hpp"

#include "medsave/base/random.hpp"
#include "medsave/sys/file_info.hpp"
#include "medsave/sys/metadata.hpp"
#include "medsave/sys/path.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <utility>

namespace medsave::test {
namespace {

TEST(FileIo, ReadsBackWhatWasWrittenAtAnyOffset) {
  const TempDir temp;
  const UniqueFd fd = create_file_at(kCurrentDirectory, temp / "file", 0600);
  write_all(fd.get(), as_bytes("0123456789"), "file");
  pwrite_all(fd.get(), as_bytes("XY"), 4, "file");
  Buffer out(20);
  EXPECT_EQ(pread_some(fd.get(), out.writable(), 2, "file"), 8U);
  EXPECT_EQ(as_text(out.view().first(8)), "23XY6789");
  EXPECT_EQ(read_some(fd.get(), out.writable(), "file"), 0U);  // at the end
}

TEST(FileIo, WritesPastThePageCacheAtAnyOffsetOnAnyFileSystem) {
  const TempDir temp;
  Buffer data((1U << 20U) + 5);
  system_random().fill(data.writable());
  for (const std::string& path :
       {temp / "file", "/dev/shm/medsave-test-" + std::to_string(::getpid())}) {
    const UniqueFd fd = create_file_at(kCurrentDirectory, path, 0600);
    pwrite_uncached(fd.get(), data.view(), 7, path);
    pwrite_uncached(fd.get(), as_bytes("XY"), 4, path);
    const Buffer content = read_file(path, 1U << 21U);
    EXPECT_EQ(content.size(), data.size() + 7);
    EXPECT_EQ(as_text(content.view().subspan(4, 2)), "XY");
    EXPECT_TRUE(std::ranges::equal(content.view().subspan(7), data.view())) << path;
    EXPECT_EQ(::unlink(path.c_str()), 0);
  }
  const UniqueFd full = open_file_for_update_at(kCurrentDirectory, "/dev/full");
  EXPECT_THAT([&] { pwrite_uncached(full.get(), data.view(), 0, "full"); },
              throws_errc(Errc::no_space));
}

TEST(FileIo, AFailedCloseIsTold) {
  EXPECT_NO_THROW(close_fd({}, "nothing"));
  const TempDir temp;
  UniqueFd file(::open((temp / "file").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  const int number = file.get();
  close_fd(std::move(file), "file");
  EXPECT_EQ(::fcntl(number, F_GETFD), -1);
  EXPECT_THAT([&] { close_fd(UniqueFd(number), "file"); }, throws_errc(Errc::io));
}

TEST(FileIo, ReadFileHoldsToTheLimit) {
  const TempDir temp;
  write_file_durably(temp / "file", as_bytes("12345"), 0600);
  EXPECT_EQ(as_text(read_file(temp / "file", 5).view()), "12345");
  EXPECT_THAT([&] { read_file(temp / "file", 4); }, throws_errc(Errc::corrupt));
  EXPECT_THAT([&] { read_file("/dev/zero", 100000); }, throws_errc(Errc::corrupt));
  EXPECT_THAT([&] { read_file(temp / "nothing", 4); }, throws_errc(Errc::not_found));
  EXPECT_FALSE(read_file("/proc/self/status", 1 << 20).empty());
}

TEST(FileIo, ReadsABeginning) {
  const TempDir temp;
  write_file_durably(temp / "file", as_bytes("12345"), 0600);
  EXPECT_EQ(as_text(read_beginning(temp / "file", 3).view()), "123");
  EXPECT_EQ(as_text(read_beginning(temp / "file", 9).view()), "12345");
  EXPECT_THAT([&] { read_beginning(temp / "nothing", 1); }, throws_errc(Errc::not_found));
}

TEST(FileIo, DurableWritesReplaceAndLeaveNoTemporary) {
  const TempDir temp;
  write_file_durably(temp / "file", as_bytes("old"), 0600);
  write_file_durably(temp / "file", as_bytes("new"), 0440);
  EXPECT_EQ(as_text(read_file(temp / "file", 10).view()), "new");
  EXPECT_EQ(stat_at(kCurrentDirectory, temp / "file")->mode & 07777, 0440U);
  EXPECT_EQ(list_dir(open_dir_at(kCurrentDirectory, temp.path()).get()).size(), 1U);
}

TEST(FileIo, DurableWritesFollowLinksAlsoToWhatIsNotThereYet) {
  const TempDir temp;
  make_directories(temp / "folder", 0700);
  ASSERT_EQ(::symlink("folder/second", (temp / "first").c_str()), 0);
  ASSERT_EQ(::symlink("../file", (temp / "folder/second").c_str()), 0);
  for (const std::string content : {"old", "new"}) {
    write_file_durably(temp / "first", as_bytes(content), 0600);
    EXPECT_EQ(as_text(read_file(temp / "file", 10).view()), content);
    EXPECT_TRUE(lstat_at(kCurrentDirectory, temp / "first")->is_symlink());
    EXPECT_TRUE(lstat_at(kCurrentDirectory, temp / "folder/second")->is_symlink());
  }
  EXPECT_EQ(resolve_link(temp / "file"), temp / "file");
  EXPECT_EQ(resolve_link("nothing"), "nothing");
  ASSERT_EQ(::symlink("round", (temp / "round").c_str()), 0);
  EXPECT_EQ(resolve_link(temp / "round"), temp / "round");
}

TEST(FileIo, FoldersGetTheirModeWhateverTheUmask) {
  const TempDir temp;
  const mode_t old = ::umask(0177);
  make_directories(temp / "a/b//c/", 0770);
  ::umask(old);
  EXPECT_EQ(stat_at(kCurrentDirectory, temp / "a")->mode & 07777, 0770U);
  EXPECT_EQ(stat_at(kCurrentDirectory, temp / "a/b/c")->mode & 07777, 0770U);
  make_directories(temp / "a/b", 0700);  // exists: left alone
  EXPECT_EQ(stat_at(kCurrentDirectory, temp / "a/b")->mode & 07777, 0770U);
  write_file_durably(temp / "file", {}, 0600);
  EXPECT_THROW(make_directories(temp / "file/sub", 0700), Error);
}

}  // namespace
}  // namespace medsave::test
