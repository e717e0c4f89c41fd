#include "medsave/base/folding.hpp"

#include <gtest/gtest.h>

#include <string>

namespace medsave::test {
namespace {

TEST(Folded, IsTheSameForWhatPeopleTakeForTheSame) {
  EXPECT_EQ(folded("/srv/Practice A"), "/srv/practice a");
  EXPECT_EQ(folded("\xc3\x89t\xc3\xa9"), "ete");    // one character each
  EXPECT_EQ(folded("E\xcc\x81te\xcc\x81"), "ete");  // with combining accents, as macOS has
  EXPECT_EQ(folded("stra\xc3\x9f"
                   "e"),
            "strasse");
  EXPECT_EQ(folded("\xc3\x87"
                   "a va, No\xc3\xabl"),
            "ca va, noel");
  EXPECT_EQ(folded("\xce\x86\xce\x9b\xce\xa6\xce\x91"), folded("\xce\xb1\xce\xbb\xcf\x86\xce\xb1"));
  EXPECT_EQ(folded(""), "");
}

TEST(Folded, KeepsWhatIsNoUtf8AndWhatPatternsMean) {
  EXPECT_EQ(folded("\xff\xc3\x89\xc3"),
            "\xff"
            "e\xc3");
  EXPECT_EQ(folded("*[\xc3\x89-z]?\\{**}"), "*[e-z]?\\{**}");
}

}  // namespace
}  // namespace medsave::test
