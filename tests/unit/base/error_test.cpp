#include "medsave/base/error.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <set>
#include <type_traits>

namespace medsave {
namespace {

TEST(Error, ReadsFromTheOutsideIn) {
  const Error inner(Errc::corrupt, "file too short");
  const Error outer = inner.with_context("pack 3f2a01c9").with_context("restoring a/b");
  EXPECT_STREQ(outer.what(), "restoring a/b: pack 3f2a01c9: file too short");
  EXPECT_EQ(outer.code(), Errc::corrupt);
}

TEST(Error, PicksItsCodeFromErrno) {
  EXPECT_EQ(Error::from_errno(ENOSPC, "x").code(), Errc::no_space);
  EXPECT_EQ(Error::from_errno(EDQUOT, "x").code(), Errc::no_space);
  EXPECT_EQ(Error::from_errno(EACCES, "x").code(), Errc::permission);
  EXPECT_EQ(Error::from_errno(EROFS, "x").code(), Errc::read_only);
  EXPECT_EQ(Error::from_errno(ENOENT, "x").code(), Errc::not_found);
  EXPECT_EQ(Error::from_errno(EEXIST, "x").code(), Errc::exists);
  EXPECT_EQ(Error::from_errno(EOPNOTSUPP, "x").code(), Errc::unsupported);
  EXPECT_EQ(Error::from_errno(EIO, "x").code(), Errc::io);
}

TEST(Error, SaysWhatTheSystemSays) {
  EXPECT_STREQ(Error::from_errno(ENOENT, "opening a/b").what(),
               "opening a/b: No such file or directory");
}

TEST(Errc, HasOneNamePerCode) {
  std::set<std::string_view> names;
  for (int code = 0; code <= static_cast<int>(Errc::wrong_password); ++code) {
    names.insert(errc_name(static_cast<Errc>(code)));
  }
  EXPECT_EQ(names.size(), static_cast<std::size_t>(Errc::wrong_password) + 1);
  EXPECT_EQ(errc_name(Errc::no_space), "no-space");
}

TEST(Interrupted, PassesHandlersOfErrors) {
  EXPECT_FALSE((std::is_base_of_v<Error, Interrupted>));
  EXPECT_FALSE((std::is_base_of_v<std::runtime_error, Interrupted>));
}

}  // namespace
}  // namespace medsave
