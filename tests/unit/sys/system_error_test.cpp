#include "medsave/sys/system_error.hpp"

#include "medsave/base/text.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace medsave {
namespace {

TEST(ErrorFromErrno, PicksItsCodeFromErrno) {
  EXPECT_EQ(error_from_errno(ENOSPC, "x").code(), Errc::no_space);
  EXPECT_EQ(error_from_errno(EDQUOT, "x").code(), Errc::no_space);
  EXPECT_EQ(error_from_errno(EACCES, "x").code(), Errc::permission);
  EXPECT_EQ(error_from_errno(EROFS, "x").code(), Errc::read_only);
  EXPECT_EQ(error_from_errno(ENOENT, "x").code(), Errc::not_found);
  EXPECT_EQ(error_from_errno(EEXIST, "x").code(), Errc::exists);
  EXPECT_EQ(error_from_errno(EOPNOTSUPP, "x").code(), Errc::unsupported);
  EXPECT_EQ(error_from_errno(EIO, "x").code(), Errc::io);
}

TEST(ErrorFromErrno, SaysWhatTheSystemSays) {
  EXPECT_STREQ(error_from_errno(ENOENT, "opening a/b").what(),
               "opening a/b: No such file or directory");
}

TEST(ErrorFromErrno, SaysInEnglishWhatTheCLibrarySays) {
  init_language("en");
  for (int number = 1; number < 140; ++number) {
    EXPECT_EQ(error_from_errno(number, "x").what(), std::string("x: ") + ::strerror(number));
  }
}

}  // namespace
}  // namespace medsave
