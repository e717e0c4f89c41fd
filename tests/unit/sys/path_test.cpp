#include "medsave/sys/path.hpp"

#include "support/temp_dir.hpp"

#include "medsave/sys/host.hpp"

#include <gtest/gtest.h>

#include <unistd.h>

namespace medsave::test {
namespace {

TEST(Path, IsMadeToBeginAtTheRoot) {
  EXPECT_EQ(make_absolute("/a/../b"), "/a/../b");
  EXPECT_EQ(make_absolute("a/b"), current_directory() + "/a/b");
}

TEST(Path, FollowsLinksOnlyAsFarAsTheyLead) {
  const TempDir temp;
  const std::string here = resolve_links(temp.path());
  ASSERT_EQ(::symlink("nothing/below", (temp / "link").c_str()), 0);
  EXPECT_EQ(resolve_links(temp / "link/../x/./y"), here + "/nothing/x/y");
}

TEST(Path, IsRealOnlyWhereSomethingIs) {
  const TempDir temp;
  const std::string here = resolve_links(temp.path());
  std::error_code error;
  ASSERT_EQ(::symlink("..", (temp / "up").c_str()), 0);
  EXPECT_EQ(real_path(temp / "up" + here.substr(here.rfind('/')), error), here);
  EXPECT_FALSE(error);
  EXPECT_EQ(real_path(temp / "nothing", error), "");
  EXPECT_EQ(error, std::errc::no_such_file_or_directory);
}

}  // namespace
}  // namespace medsave::test
