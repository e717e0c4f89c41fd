#include "source_tree.hpp"

#include "support/matchers.hpp"
#include "support/temp_dir.hpp"

#include "medsave/base/error.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace medsave {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::string_view kSignature = "Signature: 8a477f597d28d172789f06886806bc55\n";

class SourceTreeTest : public ::testing::Test {
 protected:
  SourceTreeTest() { targets_ = {dir_.path()}; }

  void write(const std::string& name, std::string_view content = "x") {
    const std::string path = dir_ / name;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path) << content;
  }

  /// Paths below the folder of everything that takes part; folders end in '/'.
  std::vector<std::string> listed() {
    BackupTargets targets;
    for (const std::string& target : targets_) targets.add(target);
    const SourceTree source(targets, filter_);
    std::vector<std::string> all;
    const auto visit = [&](const auto& self, const SourceDir& dir,
                           const SourceEntry* entry) -> void {
      for (const SourceEntry& found : source.entries(dir, entry, problem_).entries) {
        const std::string path = SourceTree::path_of(dir, found);
        const bool is_dir = found.info.is_dir();
        if (path.starts_with(dir_.path() + "/")) {
          all.push_back(path.substr(dir_.path().size() + 1) + (is_dir ? "/" : ""));
        }
        if (is_dir) self(self, *source.open(dir, found), &found);
      }
    };
    visit(visit, *source.root(), nullptr);
    return all;
  }

  test::TempDir dir_;
  std::vector<std::string> targets_;
  SourceFilter filter_;
  std::vector<std::string> problems_;
  SourceTree::Problem problem_ = [this](const std::string& path, const std::string&) {
    problems_.push_back(path);
  };
};

TEST_F(SourceTreeTest, ListsSortedByBytes) {
  for (const char* name : {"b", "a/z", "B", "\xC3\xA9", "\xFF"}) write(name);
  EXPECT_THAT(listed(), ElementsAre("B", "a/", "a/z", "b", "\xC3\xA9", "\xFF"));
}

TEST_F(SourceTreeTest, LeavesOutWhatPatternsExclude) {
  for (const char* name : {"a.tmp", "b.txt", "c/d.tmp", "e/f"}) write(name);
  filter_.excludes.add("*.tmp", false);
  filter_.excludes.add(dir_ / "e", false);
  EXPECT_THAT(listed(), ElementsAre("b.txt", "c/"));
}

TEST_F(SourceTreeTest, NeverExcludesWhatIsListedLiterally) {
  for (const char* name : {"w/a/f", "w/a/g", "w/h"}) write(name);
  filter_.excludes.add("a", false);
  filter_.exclude_larger_than = 0;
  targets_ = {dir_ / "w", dir_ / "w/a/f"};
  EXPECT_THAT(listed(), ElementsAre("w/", "w/a/", "w/a/f"));
}

TEST_F(SourceTreeTest, KeepsOnlyTheTagOfCaches) {
  write("cache/CACHEDIR.TAG", kSignature);
  for (const char* name : {"cache/x", "cache/sub/y", "other/CACHEDIR.TAG", "other/z"}) write(name);
  EXPECT_EQ(listed().size(), 8U);
  filter_.exclude_caches = true;
  EXPECT_THAT(listed(), ElementsAre("cache/", "cache/CACHEDIR.TAG", "other/", "other/CACHEDIR.TAG",
                                    "other/z"));
}

TEST_F(SourceTreeTest, AppliesNoTagToALiteralTarget) {
  write("cache/CACHEDIR.TAG", kSignature);
  write("cache/x");
  filter_.exclude_caches = true;
  targets_ = {dir_ / "cache/x"};
  EXPECT_THAT(listed(), ElementsAre("cache/", "cache/x"));
}

TEST_F(SourceTreeTest, ExcludesFoldersWithAGivenFile) {
  write("a/.nobackup");
  write("a/x");
  write("b/.tag", "skip me, please");
  write("b/x");
  write("c/.tag", "keep");
  write("c/x");
  filter_.exclude_if_present = {".nobackup", ".tag:skip me"};
  EXPECT_THAT(listed(), ElementsAre("a/", "a/.nobackup", "b/", "b/.tag", "c/", "c/.tag", "c/x"));
}

TEST_F(SourceTreeTest, RejectsATagWithoutName) {
  const BackupTargets targets;
  for (const char* text : {"", ":header"}) {
    filter_.exclude_if_present = {text};
    EXPECT_THAT([&] { const SourceTree source(targets, filter_); }, test::throws_errc(Errc::usage));
  }
}

TEST_F(SourceTreeTest, LeavesOutLargeFiles) {
  write("small", "12345");
  write("large", "123456");
  filter_.exclude_larger_than = 5;
  EXPECT_THAT(listed(), ElementsAre("small"));
}

TEST_F(SourceTreeTest, NeverBacksUpItsOwnFolders) {
  for (const char* name : {"cache/x", "y"}) write(name);
  std::filesystem::create_directory_symlink(dir_ / "cache", dir_ / "link");
  filter_.own_paths = {dir_ / "link", dir_ / "missing"};
  EXPECT_THAT(listed(), ElementsAre("link", "y"));
}

TEST_F(SourceTreeTest, StaysOnTheDeviceOfTheTarget) {
  targets_ = {"/"};
  filter_.one_file_system = true;
  BackupTargets targets;
  targets.add("/proc");
  const SourceTree source(targets, filter_);
  const std::vector<SourceEntry> top = source.entries(*source.root(), nullptr, problem_).entries;
  ASSERT_EQ(top.size(), 1U);
  const SourceDirPtr proc = source.open(*source.root(), top[0]);
  // Another device inside is kept as an empty folder.
  for (const SourceEntry& entry : source.entries(*proc, &top[0], problem_).entries) {
    if (entry.info.device == proc->device) continue;
    EXPECT_TRUE(entry.info.is_dir());
    const SourceDirPtr inside = source.open(*proc, entry);
    EXPECT_THAT(source.entries(*inside, &entry, problem_).entries, IsEmpty());
  }
}

TEST_F(SourceTreeTest, ReportsATargetThatWentAway) {
  targets_ = {dir_ / "gone"};
  EXPECT_THAT(listed(), IsEmpty());
  EXPECT_THAT(problems_, ElementsAre(dir_ / "gone"));
}

TEST_F(SourceTreeTest, StoresASymlinkTargetAsSymlinkButFollowsParents) {
  write("real/f");
  std::filesystem::create_directory_symlink("real", dir_ / "link");
  targets_ = {dir_ / "link"};
  EXPECT_THAT(listed(), ElementsAre("link"));
  targets_ = {dir_ / "link/f"};
  EXPECT_THAT(listed(), ElementsAre("link/", "link/f"));
  targets_ = {dir_ / "link", dir_ / "link/f"};
  EXPECT_THAT(listed(), ElementsAre("link/", "link/f"));
}

}  // namespace
}  // namespace medsave
