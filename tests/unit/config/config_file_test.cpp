#include "medsave/config/config_file.hpp"

#include "support/matchers.hpp"
#include "support/temp_dir.hpp"

#include "medsave/base/error.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace medsave {
namespace {

using ::testing::ElementsAre;

TEST(ConfigFile, IsLookedForAtHomeThenInEtc) {
  const std::string etc = "/etc/medsave/medsave.toml";
  EXPECT_THAT(config_candidates("", "/home/a"),
              ElementsAre("/home/a/.config/medsave/medsave.toml", etc));
  EXPECT_THAT(config_candidates("/x", "/home/a"), ElementsAre("/x/medsave/medsave.toml", etc));
  EXPECT_THAT(config_candidates("x", "/home/a"),
              ElementsAre("/home/a/.config/medsave/medsave.toml", etc));
  EXPECT_THAT(config_candidates("", ""), ElementsAre(etc));
}

TEST(ConfigFile, TheFirstThatIsThereCountsWhateverItIs) {
  const test::TempDir folder;
  const std::string a = folder / "a";
  const std::string b = folder / "b";
  EXPECT_EQ(find_config({a, b}), std::nullopt);
  std::ofstream(b) << "x";
  EXPECT_EQ(find_config({a, b}), b);
  std::filesystem::create_symlink(folder / "nowhere", a);
  EXPECT_EQ(find_config({a, b}), a);
  EXPECT_THAT([&] { load_config_text(a); }, test::throws_errc(Errc::not_found));
}

TEST(ConfigFile, IsAnOrdinaryFileOfAtMostAMebibyte) {
  const test::TempDir folder;
  const std::string file = folder / "file";
  std::ofstream(file) << std::string(std::size_t{1} << 20U, '#');
  EXPECT_EQ(load_config_text(file).size(), std::size_t{1} << 20U);
  std::ofstream(file, std::ios::app) << "#";
  EXPECT_THAT([&] { load_config_text(file); }, test::throws_errc(Errc::usage));
  EXPECT_THAT([&] { load_config_text(folder.path()); }, test::throws_errc(Errc::usage));
  const std::string pipe = folder / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_THAT([&] { load_config_text(pipe); }, test::throws_errc(Errc::usage));
  EXPECT_THAT([&] { load_config_text("/dev/zero"); }, test::throws_errc(Errc::usage));
}

}  // namespace
}  // namespace medsave
