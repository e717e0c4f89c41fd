#include "medsave/sys/file_info.hpp"

#include "support/matchers.hpp"
#include "support/temp_dir.hpp"

#include "medsave/sys/file_io.hpp"
#include "medsave/sys/metadata.hpp"

#include <gtest/gtest.h>

#include <sys/stat.h>

#include <algorithm>
#include <set>

namespace medsave::test {
namespace {

class FileInfoTest : public testing::Test {
 protected:
  TempDir temp_{TempDir::memory()};
  UniqueDir dir_ = open_dir_at(kCurrentDirectory, temp_.path());
};

TEST_F(FileInfoTest, LstatTellsWhatTheKernelKnows) {
  write_all(create_file_at(dir_.get(), "letter", 0640).get(), as_bytes("hello"), "letter");
  set_permissions_at(dir_.get(), "letter", 04640);
  set_times_at(dir_.get(), "letter", {.seconds = -5, .nanoseconds = 7},
               {.seconds = 1700000000, .nanoseconds = 123456789});
  const auto info = lstat_at(dir_.get(), "letter");
  ASSERT_TRUE(info.has_value());
  EXPECT_TRUE(info->is_regular());
  EXPECT_EQ(info->mode & 07777, 04640U);
  EXPECT_EQ(info->size, 5U);
  EXPECT_EQ(info->links, 1U);
  EXPECT_EQ(info->atime, (Timestamp{.seconds = -5, .nanoseconds = 7}));
  EXPECT_EQ(info->mtime, (Timestamp{.seconds = 1700000000, .nanoseconds = 123456789}));
}

TEST_F(FileInfoTest, LstatDoesNotFollowLinksAndStatDoes) {
  make_symlink_at(dir_.get(), "link", ".");
  EXPECT_TRUE(lstat_at(dir_.get(), "link")->is_symlink());
  EXPECT_TRUE(stat_at(dir_.get(), "link")->is_dir());
  EXPECT_EQ(read_link_at(dir_.get(), "link"), ".");
}

TEST_F(FileInfoTest, AnEntryThatWasListedIsAskedForOnlyWhereTheListingDidNotTell) {
  write_all(create_file_at(dir_.get(), "letter", 0600).get(), as_bytes("hello"), "letter");
  make_symlink_at(dir_.get(), "link", "letter");
  std::vector<DirEntry> entries = list_entries(dir_.get());
  std::ranges::sort(entries, {}, &DirEntry::name);
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].name, "letter");
  EXPECT_EQ(lstat_at(dir_.get(), entries[0])->size, 5U);
  EXPECT_TRUE(lstat_at(dir_.get(), entries[1])->is_symlink());
  EXPECT_TRUE(stat_at(dir_.get(), entries[1])->is_regular());

  for (DirEntry& entry : entries) {
    entry.info = std::make_unique<const FileInfo>(*lstat_at(dir_.get(), entry));
  }
  remove_file_at(dir_.get(), "letter");
  EXPECT_EQ(lstat_at(dir_.get(), entries[0])->size, 5U);
  EXPECT_EQ(stat_at(dir_.get(), entries[0])->size, 5U);
  EXPECT_TRUE(lstat_at(dir_.get(), entries[1])->is_symlink());
  EXPECT_FALSE(stat_at(dir_.get(), entries[1]));
}

TEST_F(FileInfoTest, LongLinkTargetsAreReadWhole) {
  const std::string target(4000, 'x');
  make_symlink_at(dir_.get(), "link", target);
  EXPECT_EQ(read_link_at(dir_.get(), "link"), target);
}

TEST_F(FileInfoTest, AbsentNamesAreNoError) {
  EXPECT_FALSE(lstat_at(dir_.get(), "nothing"));
  make_symlink_at(dir_.get(), "dangling", "nothing");
  EXPECT_FALSE(stat_at(dir_.get(), "dangling"));
  create_file_at(dir_.get(), "file", 0600);
  EXPECT_FALSE(lstat_at(dir_.get(), "file/below"));
}

TEST_F(FileInfoTest, ListsManyNamesOfAnyBytesMoreThanOnce) {
  std::set<std::string> names;
  for (int i = 0; i < 3000; ++i)
    names.insert("letter with a rather long name " + std::to_string(i));
  names.insert(std::string(255, 'n'));
  names.insert("\xff\xfe not UTF-8");
  names.insert("...");
  for (const std::string& name : names) create_file_at(dir_.get(), name, 0600);
  for (int round = 0; round < 2; ++round) {
    const std::vector<std::string> listed = list_dir(dir_.get());
    EXPECT_EQ(listed.size(), names.size());
    EXPECT_EQ(std::set<std::string>(listed.begin(), listed.end()), names);
  }
}

TEST_F(FileInfoTest, OpeningRefusesLinksAndDoesNotHangOnFifos) {
  make_symlink_at(dir_.get(), "link", ".");
  EXPECT_THROW(open_dir_at(dir_.get(), "link"), Error);
  EXPECT_THROW(open_file_at(dir_.get(), "link"), Error);
  EXPECT_TRUE(open_dir_at(dir_.get(), "link", true));
  make_node_at(dir_.get(), "fifo", S_IFIFO | 0600, 0);
  EXPECT_TRUE(open_file_at(dir_.get(), "fifo"));
  EXPECT_THAT([&] { open_file_at(dir_.get(), "nothing"); }, throws_errc(Errc::not_found));
}

}  // namespace
}  // namespace medsave::test
