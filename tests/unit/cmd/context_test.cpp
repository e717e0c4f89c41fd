#include "context.hpp"

#include "support/temp_dir.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

namespace medsave::cli {
namespace {

TEST(PlaceOf, IsTheSameWhateverLeadsThere) {
  const test::TempDir folder;
  const std::string drive = folder / "drive";
  const std::string place = std::filesystem::canonical(folder.path()) / "drive" / "repo";
  std::filesystem::create_directory_symlink("drive/repo", folder / "relative");
  std::filesystem::create_directory_symlink(folder / "relative", folder / "of-a-link");
  std::filesystem::create_directory_symlink(drive, folder / "usb");
  for (const bool is_there : {false, true}) {
    if (is_there) std::filesystem::create_directories(drive + "/repo");
    for (const std::string& name :
         {drive + "/repo", drive + "//repo/", drive + "/../drive/./repo", folder / "relative",
          folder / "of-a-link", folder / "of-a-link/", folder / "usb/repo"}) {
      for (const char* scheme : {"", "local:", "rclone::local:", "rclone:"}) {
        EXPECT_EQ(place_of(scheme + name), place) << scheme << name << is_there;
      }
    }
  }
  std::filesystem::create_directory_symlink("circle", folder / "circle");
  EXPECT_FALSE(place_of(folder / "circle/repo").empty());
  EXPECT_EQ(place_of("rclone:remote:repo"), "rclone:remote:repo");
}

}  // namespace
}  // namespace medsave::cli
