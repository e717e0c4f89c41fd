#include "targets.hpp"

#include "medsave/base/error.hpp"

#include <gmock/gmock.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace medsave::cli {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(TargetLists, PatternsAreTrimmedAndMayBeCommentedOut) {
  EXPECT_THAT(pattern_lines("# comment\n  /srv/a \r\n\n\t#x\n/srv/b"),
              ElementsAre("/srv/a", "/srv/b"));
}

TEST(TargetLists, VerbatimLinesStayAsTheyAre) {
  EXPECT_THAT(verbatim_lines("# no comment\n  a b \n\n*\n"),
              ElementsAre("# no comment", "  a b ", "*"));
}

TEST(TargetLists, RawNamesEndWithNul) {
  using namespace std::string_view_literals;
  EXPECT_THAT(raw_names("a\nb\0c\0"sv), ElementsAre("a\nb", "c"));
  EXPECT_THAT(raw_names(""), IsEmpty());
  EXPECT_THROW(raw_names("a\0b"sv), Error);
  EXPECT_THROW(raw_names("a\0\0"sv), Error);
}

void ignore(const std::string&, const std::string&) {}

class ExpandPattern : public testing::Test {
 protected:
  ExpandPattern() {
    std::filesystem::remove_all(folder);
    for (const char* name : {"/a/x.txt", "/a/y.dat", "/b/x.txt", "/b/.hidden", "/[c]/z"}) {
      const std::string path = folder + name;
      std::filesystem::create_directories(std::filesystem::path(path).parent_path());
      std::ofstream(path) << "x";
    }
  }
  ~ExpandPattern() override { std::filesystem::remove_all(folder); }

  std::vector<std::string> expand(const std::string& pattern) {
    std::vector<std::string> found = expand_pattern(folder + "/" + pattern, ignore);
    for (std::string& path : found) path.erase(0, folder.size() + 1);
    return found;
  }

  const std::string folder = testing::TempDir() + "expand_pattern." + std::to_string(::getpid());
};

TEST_F(ExpandPattern, MatchesInEveryComponent) {
  EXPECT_THAT(expand("*/x.txt"), ElementsAre("a/x.txt", "b/x.txt"));
  EXPECT_THAT(expand("a/*.t?t"), ElementsAre("a/x.txt"));
  EXPECT_THAT(expand("[ab]"), ElementsAre("a", "b"));
}

TEST_F(ExpandPattern, MatchesHiddenNames) {
  EXPECT_THAT(expand("b/*"), ElementsAre("b/.hidden", "b/x.txt"));
}

TEST_F(ExpandPattern, FindsNothingForWhatDoesNotExist) {
  EXPECT_THAT(expand("nope"), IsEmpty());
  EXPECT_THAT(expand("a/*/z"), IsEmpty());
  EXPECT_THAT(expand_pattern("", ignore), IsEmpty());
}

TEST_F(ExpandPattern, LetsABackslashTakeAwayTheMeaning) {
  EXPECT_THAT(expand("\\[c]/z"), ElementsAre("[c]/z"));
}

TEST_F(ExpandPattern, AcceptsFoldersWithATrailingSlash) {
  EXPECT_THAT(expand("?/"), ElementsAre("a/", "b/"));
}

TEST_F(ExpandPattern, CollectsAllLists) {
  const std::string list = folder + "/list";
  std::ofstream(list) << folder << "/*/x.txt\n" << folder << "/none*\n";
  std::vector<std::string> notices;
  const auto targets = collect_targets(
      {.files_from = {list}},
      [&](const std::string& name, const std::string&) { notices.push_back(name); });
  EXPECT_EQ(targets.size(), 2U);
  EXPECT_EQ(notices.size(), 1U);
}

}  // namespace
}  // namespace medsave::cli
