#include "medsave/sys/xattr.hpp"

#include "support/temp_dir.hpp"

#include "medsave/base/error.hpp"
#include "medsave/sys/file_info.hpp"
#include "medsave/sys/metadata.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace medsave::test {
namespace {

class XattrTest : public testing::Test {
 protected:
  void SetUp() override {
    create_file_at(dir_.get(), "file", 0600);
    try {
      set_xattr_at(dir_.get(), "file", {.name = "user.probe", .value = "x"});
      remove_xattr_at(dir_.get(), "file", "user.probe");
    } catch (const Error&) {
      GTEST_SKIP() << "this file system has no extended attributes";
    }
  }
  std::vector<Xattr> read(const std::string& name) {
    return read_xattrs_at(dir_.get(), name, false,
                          [](const std::string& message) { ADD_FAILURE() << message; });
  }

  TempDir temp_;
  UniqueDir dir_ = open_dir_at(kCurrentDirectory, temp_.path());
};

TEST_F(XattrTest, ReadsBackAnyValue) {
  EXPECT_TRUE(read("file").empty());
  const std::string binary("a\0b\xff", 4);
  const std::string large(2000, 'L');
  set_xattr_at(dir_.get(), "file", {.name = "user.binary", .value = binary});
  set_xattr_at(dir_.get(), "file", {.name = "user.empty", .value = ""});
  set_xattr_at(dir_.get(), "file", {.name = "user.large", .value = large});
  std::vector<Xattr> got = read("file");
  std::ranges::sort(got, {}, &Xattr::name);
  ASSERT_EQ(got.size(), 3U);
  EXPECT_EQ(got[0].value, binary);
  EXPECT_EQ(got[1].name, "user.empty");
  EXPECT_EQ(got[1].value, "");
  EXPECT_EQ(got[2].value, large);

  const UniqueFd fd = open_file_at(dir_.get(), "file");
  EXPECT_EQ(read_xattrs_fd(fd.get(), {}).size(), 3U);
  remove_xattr_at(dir_.get(), "file", "user.large");
  EXPECT_EQ(list_xattrs_at(dir_.get(), "file").size(), 2U);
}

TEST_F(XattrTest, ManyNamesAndTheLongestFileName) {
  const std::string name(255, 'n');
  create_file_at(dir_.get(), name, 0600);
  const std::string suffix(60, 's');
  for (int i = 0; i < 30; ++i) {
    set_xattr_at(dir_.get(), name, {.name = "user." + std::to_string(i) + suffix, .value = "v"});
  }
  EXPECT_EQ(read(name).size(), 30U);
  EXPECT_EQ(list_xattrs_at(dir_.get(), name).size(), 30U);
}

TEST_F(XattrTest, DoesNotFollowLinksAndNamesWhatIsMissing) {
  set_xattr_at(dir_.get(), "file", {.name = "user.a", .value = "x"});
  make_symlink_at(dir_.get(), "link", "file");
  EXPECT_TRUE(read("link").empty());
  EXPECT_THROW(read("nothing"), Error);
  EXPECT_THROW(set_xattr_at(dir_.get(), "link", {.name = "user.b", .value = "x"}), Error);
}

}  // namespace
}  // namespace medsave::test
