#include "medsave/sys/metadata.hpp"

#include "support/matchers.hpp"
#include "support/temp_dir.hpp"

#include "medsave/sys/file_info.hpp"
#include "medsave/sys/file_io.hpp"
#include "medsave/sys/remove_tree.hpp"

#include <gtest/gtest.h>

#include <sys/stat.h>

#include <string>

namespace medsave::test {
namespace {

class MetadataTest : public testing::Test {
 protected:
  TempDir temp_{TempDir::memory()};
  UniqueDir dir_ = open_dir_at(kCurrentDirectory, temp_.path());
};

TEST_F(MetadataTest, CreatingRefusesWhatIsThere) {
  make_symlink_at(dir_.get(), "link", "/nonexistent/target");
  EXPECT_THAT([&] { create_file_at(dir_.get(), "link", 0600); }, throws_errc(Errc::exists));
  EXPECT_THROW(open_file_for_update_at(dir_.get(), "link"), Error);
}

TEST_F(MetadataTest, ModeOfALinkTargetIsNeverTouched) {
  create_file_at(dir_.get(), "file", 0600);
  make_symlink_at(dir_.get(), "link", "file");
  EXPECT_THROW(set_permissions_at(dir_.get(), "link", 0777), Error);
  EXPECT_EQ(lstat_at(dir_.get(), "file")->mode & 07777, 0600U);
  set_times_at(dir_.get(), "link", {.seconds = 1}, {.seconds = 2});
  EXPECT_EQ(lstat_at(dir_.get(), "link")->mtime.seconds, 2);
  EXPECT_NE(lstat_at(dir_.get(), "file")->mtime.seconds, 2);
}

TEST_F(MetadataTest, LinksAndNodesAreMade) {
  create_file_at(dir_.get(), "file", 0600);
  make_link_at(dir_.get(), "file", dir_.get(), "other");
  EXPECT_EQ(lstat_at(dir_.get(), "file")->links, 2U);
  make_node_at(dir_.get(), "fifo", S_IFIFO | 0600, 0);
  EXPECT_EQ(lstat_at(dir_.get(), "fifo")->mode & S_IFMT, static_cast<unsigned>(S_IFIFO));
  rename_at(dir_.get(), "other", dir_.get(), "third");
  remove_file_at(dir_.get(), "third");
  EXPECT_EQ(lstat_at(dir_.get(), "file")->links, 1U);
  EXPECT_THAT([&] { remove_file_at(dir_.get(), "third"); }, throws_errc(Errc::not_found));
}

TEST_F(MetadataTest, RemovesTreesDeeperThanPathsAndDescriptors) {
  constexpr int kDepth = 2500;
  UniqueDir here = open_dir_at(dir_.get(), ".");
  for (int i = 0; i < kDepth; ++i) {
    make_dir_at(here.get(), "d", 0700);
    here = open_dir_at(here.get(), "d");
    create_file_at(here.get(), "file", 0600);
  }
  EXPECT_EQ(remove_tree_at(dir_.get(), "d").entries, 2U * kDepth);
  EXPECT_FALSE(lstat_at(dir_.get(), "d"));
}

TEST_F(MetadataTest, RemovesATreeByItsWholePath) {
  make_dir_at(dir_.get(), "tree", 0700);
  create_file_at(dir_.get(), "tree/file", 0600);
  EXPECT_EQ(remove_tree_at(kCurrentDirectory, temp_.path() + "/tree").entries, 2U);
  EXPECT_FALSE(lstat_at(dir_.get(), "tree"));
}

TEST_F(MetadataTest, RemovingATreeKeepsWhatItsLinksPointTo) {
  make_dir_at(dir_.get(), "keep", 0700);
  create_file_at(dir_.get(), "keep/file", 0600);
  make_dir_at(dir_.get(), "tree", 0700);
  make_symlink_at(dir_.get(), "tree/link", "../keep");
  EXPECT_EQ(remove_tree_at(dir_.get(), "tree").entries, 2U);
  EXPECT_TRUE(lstat_at(dir_.get(), "keep/file"));
  make_symlink_at(dir_.get(), "link", "keep");
  EXPECT_EQ(remove_tree_at(dir_.get(), "link").entries, 1U);
  EXPECT_TRUE(lstat_at(dir_.get(), "keep/file"));
  EXPECT_THAT([&] { remove_tree_at(dir_.get(), "link"); }, throws_errc(Errc::not_found));
}

TEST_F(MetadataTest, RemovingATreeLeavesWhatTheJudgeKeeps) {
  for (const char* folder : {"tree", "tree/gone", "tree/whole", "tree/whole/in", "tree/part"}) {
    make_dir_at(dir_.get(), folder, 0700);
  }
  for (const char* file : {"tree/gone/a", "tree/whole/in/a", "tree/part/a", "tree/part/kept"}) {
    create_file_at(dir_.get(), file, 0600);
  }
  const RemovalJudge judge = [](const std::string& path, DirHandle folder) {
    if (path == "tree/part/kept") return Fate::keep;
    return path == "tree/whole" && folder ? Fate::keep_all : Fate::remove;
  };
  for (const bool only_counts : {true, false}) {
    const TreeRemoval removal = only_counts ? count_tree_at(dir_.get(), "tree", judge)
                                            : remove_tree_at(dir_.get(), "tree", judge);
    EXPECT_EQ(removal.entries, 3U);
    EXPECT_FALSE(removal.complete);
  }
  EXPECT_FALSE(lstat_at(dir_.get(), "tree/gone"));
  EXPECT_FALSE(lstat_at(dir_.get(), "tree/part/a"));
  EXPECT_TRUE(lstat_at(dir_.get(), "tree/part/kept"));
  EXPECT_TRUE(lstat_at(dir_.get(), "tree/whole/in/a"));
  EXPECT_TRUE(remove_tree_at(dir_.get(), "tree").complete);
}

TEST_F(MetadataTest, SparseWritingGivesTheSameBytesWithHoles) {
  std::string content(1 << 20, '\0');
  content.replace(0, 3, "abc");
  content.replace(500'000, 3, "def");
  content.replace(content.size() - 3, 3, "end");
  for (const std::uint64_t offset : {0U, 4096U, 100U, 4095U}) {
    const std::string name = "at" + std::to_string(offset);
    const UniqueFd fd = create_file_at(dir_.get(), name, 0600);
    truncate_fd(fd.get(), offset + content.size(), name);
    pwrite_sparse(fd.get(), offset, content.data(), content.size(), name);
    Buffer back(content.size());
    ASSERT_EQ(pread_some(fd.get(), back.writable(), offset, name), content.size());
    EXPECT_TRUE(as_text(back.view()) == content) << "offset " << offset;
    EXPECT_LE(fstat_fd(fd.get()).allocated, 5U * 4096);
  }
}

TEST_F(MetadataTest, PreallocationKeepsTheLength) {
  const UniqueFd fd = create_file_at(dir_.get(), "file", 0600);
  preallocate(fd.get(), 1 << 20);
  EXPECT_EQ(fstat_fd(fd.get()).size, 0U);
}

}  // namespace
}  // namespace medsave::test
