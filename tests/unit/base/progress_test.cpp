#include "medsave/base/progress.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace medsave {
namespace {

TEST(Progress, NamesWhatIsBeingWorkedOn) {
  Progress progress;
  progress.track_current = true;
  progress.begin_item("a");
  progress.begin_item("b");
  progress.begin_item("a");
  progress.end_item("a");
  progress.end_item("unknown");
  EXPECT_THAT(progress.current_items(), testing::ElementsAre("b", "a"));
}

TEST(Progress, KeepsNoNamesWhenNobodyLooks) {
  Progress progress;
  progress.begin_item("a");
  EXPECT_TRUE(progress.current_items().empty());
}

}  // namespace
}  // namespace medsave
