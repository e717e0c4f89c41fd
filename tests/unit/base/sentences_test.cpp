#include "medsave/base/sentences.hpp"

#include "medsave/base/text.hpp"

#include <gtest/gtest.h>

namespace medsave {
namespace {

TEST(Sentences, HaveOneStopBetweenThemWhateverTheFirstEndsWith) {
  for (const char* one : {"it failed", "it failed.", "it failed. ", "it failed.\n"}) {
    EXPECT_EQ(with_sentence(one, "Nothing was done"), "it failed. Nothing was done.");
    EXPECT_EQ(with_semicolon(one, "nothing was done"), "it failed; nothing was done");
    EXPECT_EQ(without_stop(one), "it failed");
  }
  EXPECT_EQ(with_sentence("did it fail?", "Look there"), "did it fail? Look there.");
  EXPECT_EQ(without_stop(""), "");
}

TEST(Sentences, DoNotNameAgainWhatStandsBefore) {
  EXPECT_EQ(without_own_name("cannot open a.txt: permission denied", "/srv/a.txt"),
            "cannot open: permission denied");
  EXPECT_EQ(without_own_name("impossible d'ouvrir «\u00a0a\u00a0»\u00a0: non", "/srv/a"),
            "impossible d'ouvrir\u00a0: non");
  EXPECT_EQ(without_own_name("cannot open b: permission denied", "/srv/a"),
            "cannot open b: permission denied");
  EXPECT_EQ(without_own_name("a file is in the place of folder a", "/a"),
            "a file is in the place of folder a");
  EXPECT_EQ(without_own_name("cannot set the mode of a: no", "/a"), "cannot set the mode of a: no");
  EXPECT_EQ(without_own_name("damaged", "/"), "damaged");
}

}  // namespace
}  // namespace medsave
