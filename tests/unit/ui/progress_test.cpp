#include "medsave/base/text.hpp"
#include "medsave/ui/progress_display.hpp"

#include <gmock/gmock.h>

#include <chrono>
#include <string>
#include <thread>

namespace medsave {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;

class ProgressText : public testing::Test {
 protected:
  static void SetUpTestSuite() { init_language("en"); }
};

ProgressView half_done() {
  return {.kind = ProgressKind::backup,
          .total_items = 10,
          .total_bytes = 4 << 20,
          .done_items = 4,
          .done_bytes = 2 << 20,
          .elapsed = seconds(12),
          .bytes_per_second = 1 << 20,
          .remaining = seconds(2),
          .current = {"/srv/a\x1b"},
          .totals_final = true};
}

TEST_F(ProgressText, ShowsBarSpeedTimeAndCurrentFiles) {
  EXPECT_THAT(render_live(half_done(), 80),
              ElementsAre("[0:12]  [============>           ]  50.0%  1.0 MiB/s  0:02 left",
                          "  4 / 10 files  2.000 MiB / 4.000 MiB", "  /srv/a\\x1b"));
}

TEST_F(ProgressText, ShowsNoPercentageBeforeTheTotalsAreKnown) {
  ProgressView view = half_done();
  view.totals_final = false;
  view.remaining.reset();
  view.current.clear();
  EXPECT_THAT(render_live(view, 80), ElementsAre("[0:12]  1.0 MiB/s", testing::_));
}

TEST_F(ProgressText, FitsOnOneLineForLogs) {
  ProgressView view = half_done();
  view.errors = 2;
  EXPECT_EQ(render_line(view), "[0:12] 50.00%  4 / 10 files  2.000 MiB / 4.000 MiB  2 errors");
}

TEST_F(ProgressText, BackupStatusHasResticsFields) {
  EXPECT_EQ(render_status_json(half_done()),
            R"({"message_type":"status","seconds_elapsed":12,"seconds_remaining":2,)"
            R"("percent_done":0.5,"total_files":10,"files_done":4,"total_bytes":4194304,)"
            R"("bytes_done":2097152,"current_files":["/srv/a\u001b"]})");
}

TEST_F(ProgressText, RestoreStatusHasResticsFields) {
  ProgressView view = half_done();
  view.kind = ProgressKind::restore;
  view.skipped_items = 1;
  EXPECT_EQ(render_status_json(view),
            R"({"message_type":"status","seconds_elapsed":12,"percent_done":0.5,"total_files":10,)"
            R"("files_restored":4,"files_skipped":1,"total_bytes":4194304,)"
            R"("bytes_restored":2097152})");
}

TEST(ProgressFraction, GoesByItemsWhereThereAreNoBytes) {
  EXPECT_EQ((ProgressView{.total_items = 4, .done_items = 1}.fraction()), 0.25);
  EXPECT_EQ(ProgressView{}.fraction(), 0);
  EXPECT_EQ((ProgressView{.total_bytes = 1, .done_bytes = 5}.fraction()), 1);
}

TEST(RateMeter, LooksAtTheLastSecondsOnly) {
  RateMeter meter;
  EXPECT_EQ(meter.bytes_per_second(), 0);
  meter.record(0, 0);
  meter.record(10, 1000);
  EXPECT_EQ(meter.bytes_per_second(), 100);
  meter.record(20, 1000);
  meter.record(30, 1000);
  EXPECT_EQ(meter.bytes_per_second(), 0);
}

TEST(ProgressDisplay, ErasesItsBlockAtTheEnd) {
  std::string out;
  Console console([&](std::string_view text) { out += text; }, [](std::string_view) {},
                  {.out_is_terminal = true});
  Progress progress;
  {
    const ProgressDisplay display(console, progress, ProgressKind::backup, ProgressStyle::live,
                                  std::chrono::milliseconds(1));
    EXPECT_TRUE(progress.track_current);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  if (out.empty()) GTEST_SKIP() << "the machine was too busy to draw";
  EXPECT_TRUE(out.ends_with("\x1b[2K")) << out;
}

}  // namespace
}  // namespace medsave
