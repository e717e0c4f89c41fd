#include "medsave/base/error.hpp"

#include <gtest/gtest.h>

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
