#include "support/matchers.hpp"
#include "support/temp_dir.hpp"

#include "medsave/mount/mount_fs.hpp"

#include <filesystem>
#include <fstream>

namespace medsave {
namespace {

using test::throws_errc;

struct Folders {
  test::TempDir base;
  std::string repository = base / "repo";
  std::string mountpoint = base / "mount";
  Folders() {
    std::filesystem::create_directories(repository + "/data");
    std::filesystem::create_directories(mountpoint);
  }
  [[nodiscard]] auto check(const std::string& point) const {
    return [=, this] { check_mountpoint(point, repository); };
  }
};

TEST(Mountpoint, IsAnExistingFolder) {
  const Folders folders;
  EXPECT_NO_THROW(folders.check(folders.mountpoint)());
  EXPECT_NO_THROW(check_mountpoint(folders.repository, std::nullopt));
  EXPECT_THAT(folders.check(folders.base / "none"), throws_errc(Errc::not_found));
  std::ofstream(folders.base / "file") << "x";
  EXPECT_THAT(folders.check(folders.base / "file"), throws_errc(Errc::usage));
}

TEST(Mountpoint, NeitherLiesInTheRepositoryNorContainsIt) {
  const Folders folders;
  EXPECT_THAT(folders.check(folders.repository), throws_errc(Errc::usage));
  EXPECT_THAT(folders.check(folders.repository + "/data"), throws_errc(Errc::usage));
  EXPECT_THAT(folders.check(folders.base.path()), throws_errc(Errc::usage));
  EXPECT_THAT(folders.check("/"), throws_errc(Errc::usage));
  std::filesystem::create_directory_symlink(folders.repository + "/data", folders.base / "link");
  EXPECT_THAT(folders.check(folders.base / "link"), throws_errc(Errc::usage));
}

TEST(Mountpoint, MayHaveANameThatBeginsLikeTheRepositorys) {
  const Folders folders;
  std::filesystem::create_directory(folders.repository + "-mount");
  EXPECT_NO_THROW(folders.check(folders.repository + "-mount")());
}

}  // namespace
}  // namespace medsave
