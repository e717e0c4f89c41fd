#include "medsave/base/sentences.hpp"

#include "medsave/base/text.hpp"

#include <gtest/gtest.h>

namespace medsave {
namespace {

TEST(Sentences, HaveOneStopBetweenThemWhateverTheFirstEndsWith) {
  for (const char* one : {"it failed", "it failed.", "it failed. ", "it failed.\n"}) {
    EXPECT_EQ(with_sentence(one, "Nothing was done"), "it failed. Nothing was done");
    EXPECT_EQ(with_semicolon(one, "nothing was done"), "it failed; nothing was done");
    EXPECT_EQ(without_stop(one), "it failed");
  }
  EXPECT_EQ(with_sentence("did it fail?", "Look there"), "did it fail? Look there");
  EXPECT_EQ(without_stop(""), "");
}

}  // namespace
}  // namespace medsave
