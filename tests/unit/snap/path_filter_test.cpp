#include "medsave/snap/path_filter.hpp"

#include "medsave/base/error.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <string>
#include <vector>

namespace medsave {
namespace {

using ::testing::ElementsAre;

bool matches(const std::string& pattern, const std::string& path, bool ignore_case = false) {
  PathFilter filter;
  filter.add(pattern, ignore_case);
  return filter.check(path).matches;
}

PathFilter filter_of(std::initializer_list<const char*> patterns) {
  PathFilter filter;
  for (const char* pattern : patterns) filter.add(pattern, false);
  return filter;
}

struct Case {
  const char* pattern;
  const char* path;
  bool matches;
};

TEST(PathFilter, FollowsResticsRules) {
  constexpr Case kCases[] = {
      {"*.go", "/foo/bar/test.go", true},
      {"*.c", "/foo/bar/test.go", false},
      {"*", "/foo/bar/test.go", true},
      {"foo*", "/foo/bar/test.go", true},
      {"bar*", "/foo/bar/baz", true},
      {"/foo*", "/foo/bar", true},
      {"/*.go", "/foo/bar/test.go", false},
      {"/*.go", "/test.go", true},
      {"foo", "/foo/bar", true},     // everything below
      {"foo", "/x/foo/bar", true},   // at every depth
      {"foo", "/foobar", false},     // whole components only
      {"foo/", "/x/foo/bar", true},  // a trailing slash means nothing
      {"./foo", "/x/foo", true},     // cleaned
      {"foo//bar", "/foo/bar", true},
      {"x/../foo", "/foo", true},
      {"foo/bar", "/x/foo/bar/y", true},
      {"foo/bar", "/foo/x/bar", false},
      {"/foo/bar", "/foo/bar/baz", true},
      {"/foo/bar", "/x/foo/bar", false},
      {"/foo/bar", "/foo", false},
      {"/", "/anything", true},
      {"/foo/**/bar", "/foo/bar", true},
      {"/foo/**/bar", "/foo/a/b/c/bar/x", true},
      {"/foo/**/bar", "/foo/a/b", false},
      {"foo/**/bar/*.go", "/x/foo/y/bar/z.go", true},
      {"foo/**/bar/**/x", "/foo/1/bar/2/3/x", true},
      {"foo/**", "/foo", true},
      {"**/foo", "/a/b/foo", true},
      {"/**/*", "/a/b", true},
      {"a?c", "/abc", true},
      {"a?c",
       "/a\xC3\xA9"
       "c",
       true},  // one character, not one byte
      {"a?c",
       "/a\xE9"
       "c",
       true},  // an invalid byte is one character
      {"a?c", "/ac", false},
      {"[a-c]x", "/bx", true},
      {"[^a-c]x", "/bx", false},
      {"[^a-c]x", "/dx", true},
      {"[!a]x", "/!x", true},  // '!' does not negate
      {"[\\]]x", "/]x", true},
      {"[à-ü]x", "/éx", true},
      {"\\*x", "/*x", true},
      {"\\*x", "/ax", false},
      {"a*b*c", "/aXbXbXc", true},
      {"a*b*c", "/aXbXcX", false},
      {"*foo", "/barfoo", true},
      {"*", "/\xFF\xFE", true},
  };
  for (const Case& c : kCases) {
    EXPECT_EQ(matches(c.pattern, c.path), c.matches) << c.pattern << " on " << c.path;
  }
}

TEST(PathFilter, TakesBackWithAnExclamationMark) {
  const PathFilter filter = filter_of({"*.txt", "!keep.txt", "/a/keep.txt"});
  EXPECT_TRUE(filter.check("/b/x.txt").matches);
  EXPECT_FALSE(filter.check("/b/keep.txt").matches);
  EXPECT_TRUE(filter.check("/a/keep.txt").matches);
}

TEST(PathFilter, SaysWhetherSomethingBelowMayMatch) {
  const PathFilter anchored = filter_of({"/foo/bar"});
  EXPECT_TRUE(anchored.check("/foo").child_may_match);
  EXPECT_FALSE(anchored.check("/other").child_may_match);
  EXPECT_TRUE(anchored.check("/foo/bar").child_may_match);
  EXPECT_TRUE(anchored.check("/foo/bar/baz").child_may_match);
  EXPECT_FALSE(anchored.check("/foo/baz").child_may_match);

  EXPECT_TRUE(filter_of({"bar"}).check("/foo").child_may_match);
  const PathFilter deep = filter_of({"/foo/**/x"});
  EXPECT_TRUE(deep.check("/foo/a/b/c").child_may_match);
  EXPECT_FALSE(deep.check("/bar").child_may_match);
}

TEST(PathFilter, IgnoresTheCaseWhereAsked) {
  EXPECT_TRUE(matches("*.JPG", "/a/Photo.jpg", true));
  EXPECT_TRUE(matches("Été", "/éTÉ", true));
  EXPECT_TRUE(matches("ŒUVRE", "/œuvre", true));
  EXPECT_TRUE(matches("ПРИВЕТ", "/привет", true));
  EXPECT_TRUE(matches("ΩΜΈΓΑ", "/ωμέγα", true));
  EXPECT_FALSE(matches("*.JPG", "/a/Photo.jpg", false));
}

TEST(PathFilter, KeepsBothKindsOfPatternsApart) {
  PathFilter filter;
  filter.add("*.tmp", true);
  filter.add("!keep.tmp", false);
  EXPECT_TRUE(filter.check("/keep.tmp").matches);
}

TEST(PathFilter, RejectsInvalidPatterns) {
  for (const char* pattern : {"[", "[]", "[]a]", "[a", "a\\", "[a-]", "[-x]", "x/[^", "[a-\\"}) {
    PathFilter filter;
    EXPECT_THROW(filter.add(pattern, false), Error) << pattern;
  }
}

TEST(PathFilter, IsEmptyWithoutPatterns) {
  PathFilter filter;
  filter.add("", false);
  EXPECT_TRUE(filter.empty());
  EXPECT_FALSE(filter.check("/a").matches);
  EXPECT_FALSE(filter.check("/a").child_may_match);
}

TEST(ReadPatternFile, TrimsSkipsAndExpands) {
  const std::string path = ::testing::TempDir() + "patterns." + std::to_string(::getpid());
  ::setenv("PATTERN_TEST", "value", 1);
  std::ofstream(path) << "\xEF\xBB\xBF  *.tmp \r\n\n# comment\n$PATTERN_TEST/x\n"
                      << "${PATTERN_TEST}y\na$$b\nc$ d\n$PATTERN_UNSET!\n"
                      << "${PATTERN_UNSET}/*\n";
  EXPECT_THAT(read_pattern_file(path), ElementsAre("*.tmp", "value/x", "valuey", "a$b", "c$ d",
                                                   "$PATTERN_UNSET!", "${PATTERN_UNSET}/*"));
  std::filesystem::remove(path);
}

TEST(ReadPatternFile, NamesAMissingFile) {
  try {
    read_pattern_file("/nowhere/patterns");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Errc::not_found);
    EXPECT_THAT(error.what(), ::testing::HasSubstr("/nowhere/patterns"));
  }
}

}  // namespace
}  // namespace medsave
