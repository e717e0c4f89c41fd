#include "medsave/sys/mounts.hpp"

#include <gtest/gtest.h>

namespace medsave {
namespace {

constexpr std::string_view kTable =
    "22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw\n"
    "40 22 0:35 / /mnt/cloud\\040drive rw,nosuid,nodev shared:7 master:2 - fuse.rclone b2:practice "
    "rw,user_id=0\n"
    "41 22 0:36 / /mnt/dav rw - fuse https://dav.example.org/anna rw\n"
    "42 22 0:3 cut\n"
    "43 22 0:44 / /mnt/x rw - tmpfs";

TEST(FindMount, ReadsTypeAndSourceBehindAnyNumberOfWords) {
  const auto root = find_mount(kTable, 254, 1);
  ASSERT_TRUE(root);
  EXPECT_EQ(root->type, "ext4");
  EXPECT_EQ(root->source, "/dev/vda1");
  const auto cloud = find_mount(kTable, 0, 35);
  ASSERT_TRUE(cloud);
  EXPECT_EQ(cloud->type, "fuse.rclone");
  EXPECT_EQ(cloud->source, "b2:practice");
  const auto dav = find_mount(kTable, 0, 36);
  ASSERT_TRUE(dav);
  EXPECT_EQ(dav->type, "fuse");
}

TEST(FindMount, TellsNothingOfWhatIsNotThereOrCutOff) {
  EXPECT_FALSE(find_mount(kTable, 0, 99));
  EXPECT_FALSE(find_mount(kTable, 0, 3));
  EXPECT_FALSE(find_mount(kTable, 0, 44));
  EXPECT_FALSE(find_mount("", 0, 1));
}

TEST(FileSystemOf, KnowsThatOfTheKernelsOwnFiles) {
  const auto mounted = file_system_of("/proc");
  ASSERT_TRUE(mounted);
  EXPECT_EQ(mounted->type, "proc");
  EXPECT_FALSE(file_system_of("/no such folder"));
}

TEST(UploadsLater, MeansMountsOfClouds) {
  EXPECT_TRUE(uploads_later({.type = "fuse.rclone", .source = "b2:practice"}));
  EXPECT_TRUE(uploads_later({.type = "fuse.gvfsd-fuse", .source = "gvfsd-fuse"}));
  EXPECT_TRUE(uploads_later({.type = "fuse", .source = "https://dav.example.org/"}));
  EXPECT_FALSE(uploads_later({.type = "fuse", .source = "/dev/sdb1"}));
  EXPECT_FALSE(uploads_later({.type = "fuseblk", .source = "/dev/sdb1"}));
  EXPECT_FALSE(uploads_later({.type = "fuse.sshfs", .source = "nas:backup"}));
  EXPECT_FALSE(uploads_later({.type = "cifs", .source = "//nas/backup"}));
}

}  // namespace
}  // namespace medsave
