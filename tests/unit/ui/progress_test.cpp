#include "medsave/base/text.hpp"
#include "medsave/ui/progress_display.hpp"
#include "medsave/ui/progress_text.hpp"

#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <stop_token>
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
  EXPECT_THAT(
      render_live(half_done(), 80),
      ElementsAre("[0:12]  [============>           ]  50.0% saved  0:02 left",
                  "  4 / 10 files  2.000 MiB / 4.000 MiB read  1.0 MiB/s", "  /srv/a\\x1b"));
}

TEST_F(ProgressText, ShowsNoPercentageBeforeTheTotalsAreKnown) {
  ProgressView view = half_done();
  view.totals_final = false;
  view.remaining.reset();
  view.current.clear();
  EXPECT_THAT(render_live(view, 80), ElementsAre("[0:12]", testing::HasSubstr("1.0 MiB/s")));
}

TEST_F(ProgressText, FitsOnOneLineForLogs) {
  ProgressView view = half_done();
  view.errors = 2;
  EXPECT_EQ(render_line(view),
            "[0:12] 50.00% saved  4 / 10 files  2.000 MiB / 4.000 MiB read  2 errors");
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

TEST_F(ProgressText, RestoreCountsFoldersApart) {
  ProgressView view = half_done();
  view.kind = ProgressKind::restore;
  view.total_folders = 3;
  view.done_folders = 1;
  view.skipped_items = 2;
  EXPECT_EQ(render_line(view), "[0:12] 50.00%  5 / 9 files  1 / 3 folders  2.000 MiB / 4.000 MiB");
  EXPECT_THAT(
      render_live(view, 80),
      ElementsAre("[0:12]  [============>           ]  50.0%  0:02 left",
                  "  5 / 9 files  1 / 3 folders  2.000 MiB / 4.000 MiB  1.0 MiB/s", testing::_));
}

TEST_F(ProgressText, WhatIsThereAlreadyIsOfTheWholeAndDone) {
  ProgressView view = half_done();
  view.kind = ProgressKind::restore;
  view.skipped_items = 10;
  view.skipped_bytes = 4 << 20;
  EXPECT_EQ(render_line(view), "[0:12] 75.00%  14 / 20 files  6.000 MiB / 8.000 MiB");
  EXPECT_THAT(render_status_json(view), testing::HasSubstr(R"("percent_done":0.5,)"))
      << "restic's is of what has to be written";
}

TEST(FrenchProgress, AgreesWithTheNumberThatIsShown) {
  init_language("fr");
  ProgressView view = half_done();
  view.total_bytes = 100 << 20;
  view.done_bytes = (1 << 20) + (9 << 20) / 10;
  EXPECT_EQ(render_line(view),
            "[0:12] 1,90\u00a0% enregistré  4 fichiers sur 10  1,9\u00a0Mio / 100,0\u00a0Mio lu");
  view.done_bytes = 50 << 20;
  EXPECT_EQ(
      render_line(view),
      "[0:12] 50,00\u00a0% enregistrés  4 fichiers sur 10  50,0\u00a0Mio / 100,0\u00a0Mio lus");
  init_language("en");
}

TEST(ProgressFraction, GoesByItemsWhereThereAreNoBytes) {
  EXPECT_EQ((ProgressView{.total_items = 4, .done_items = 1}.fraction()), 0.25);
  EXPECT_EQ(ProgressView{}.fraction(), 0);
  EXPECT_EQ((ProgressView{.total_bytes = 1, .done_bytes = 5}.fraction()), 1);
}

TEST_F(ProgressText, SaysWhatIsDoneAfterReading) {
  ProgressView view = half_done();
  view.done_bytes = view.total_bytes;
  view.done_items = view.total_items;
  view.unsent_bytes = 2 << 20;
  view.all_read = true;
  view.remaining = seconds(20);
  view.current.clear();
  EXPECT_THAT(render_live(view, 80),
              ElementsAre("[0:12]  [============>           ]  50.0% saved  0:20 left",
                          "  10 / 10 files  4.000 MiB / 4.000 MiB read",
                          "  all is read; writing the last data (2.000 MiB)"));
  EXPECT_EQ(render_line(view),
            "[0:12] 50.00% saved  10 / 10 files  4.000 MiB / 4.000 MiB read  "
            "all is read; writing the last data (2.000 MiB)");
  EXPECT_THAT(render_status_json(view), testing::HasSubstr("\"percent_done\":1,"));
}

TEST_F(ProgressText, AnEmptySourceIsSavedWhole) {
  const ProgressView view = {.kind = ProgressKind::backup, .totals_final = true, .all_read = true};
  EXPECT_THAT(render_live(view, 80)[0],
              testing::HasSubstr("[========================] 100.0% saved"));
  EXPECT_THAT(render_status_json(view), testing::HasSubstr("\"percent_done\":0"));
}

TEST_F(ProgressText, DoesNotRoundUpToAllWhileSomethingIsLeft) {
  ProgressView view = half_done();
  view.total_bytes = view.done_bytes = 1ULL << 40;
  view.unsent_bytes = 100;
  EXPECT_THAT(render_line(view), testing::HasSubstr(" 99.99%"));
}

TEST(Sending, SaysHowLongALineTakesThatDoesNotKeepUp) {
  // 40 MiB read of 100, half as much to send, 5 MiB sent in 50 seconds.
  const Sending slow{.new_bytes = 40 << 20,
                     .packed_bytes = 20 << 20,
                     .queued_bytes = 15 << 20,
                     .sent_bytes = 5 << 20};
  EXPECT_EQ(slow.unsent(), 30U << 20U);
  EXPECT_EQ(slow.seconds_left(50, 40 << 20, 60 << 20), 450);
  EXPECT_EQ(slow.seconds_left(50, 40 << 20, 0), 150);
}

TEST(Sending, ClaimsNothingBeforeAnythingWasSent) {
  const Sending begun{.new_bytes = 40 << 20, .packed_bytes = 20 << 20, .queued_bytes = 16 << 20};
  EXPECT_EQ(begun.seconds_left(5, 40 << 20, 0), std::nullopt);
  EXPECT_EQ(begun.unsent(), 40U << 20U);
}

TEST(Sending, DoesNotCountWhileTheLineKeepsUp) {
  const Sending fast{.new_bytes = 9 << 20, .packed_bytes = 8 << 20, .sent_bytes = 4 << 20};
  EXPECT_EQ(fast.seconds_left(5, 9 << 20, 1 << 20), 0);
  EXPECT_EQ(Sending{}.unsent(), 0U);
}

TEST(SendMeter, GoesOnBetweenThePacksOfALimitedLine) {
  SendMeter meter(1000);
  const Sending nothing = {.new_bytes = 9000, .packed_bytes = 9000};
  EXPECT_EQ(meter.record(5, nothing).sent_bytes, 0U);
  EXPECT_EQ(meter.busy(5), 0);
  Sending queued = nothing;
  queued.queued_bytes = 9000;
  EXPECT_EQ(meter.record(6, queued).sent_bytes, 0U);
  const Sending later = meter.record(9, queued);
  EXPECT_EQ(later.sent_bytes, 3000U);
  EXPECT_EQ(later.unsent(), 6000U);
  EXPECT_EQ(later.seconds_left(meter.busy(9), 9000, 0), 6);
}

TEST(SendMeter, IsAtItsEndOnlyWhenAllIsStored) {
  SendMeter meter(1000);
  Sending queued = {.new_bytes = 1000, .packed_bytes = 1000, .queued_bytes = 1000};
  meter.record(0, queued);
  EXPECT_EQ(meter.record(60, queued).sent_bytes, 980U);
  queued.queued_bytes = 0;
  queued.sent_bytes = 1000;
  EXPECT_EQ(meter.record(61, queued).sent_bytes, 1000U);
}

TEST(SendMeter, KnowsTheSpeedOfALineWithoutALimitAfterAPackAndNeverFalls) {
  SendMeter meter(0);
  Sending queued = {.new_bytes = 4000, .packed_bytes = 4000, .queued_bytes = 4000};
  meter.record(0, queued);
  EXPECT_EQ(meter.record(1, queued).sent_bytes, 0U);
  queued.queued_bytes = 2000;
  queued.sent_bytes = 2000;
  EXPECT_EQ(meter.record(2, queued).sent_bytes, 2000U);
  EXPECT_EQ(meter.record(3, queued).sent_bytes, 3000U);
  queued.queued_bytes = 1500;
  queued.sent_bytes = 2500;
  EXPECT_EQ(meter.record(3.5, queued).sent_bytes, 3000U);
}

TEST_F(ProgressText, WhatIsStoredCountsWhereverSomethingHasYetToBeSent) {
  ProgressView view = half_done();
  view.kind = ProgressKind::check;  // copy, prune
  view.done_bytes = view.total_bytes;
  view.done_items = view.total_items;
  view.unsent_bytes = 2 << 20;
  view.all_read = true;
  EXPECT_EQ(render_line(view),
            "[0:12] 50.00% saved  10 / 10 packs  4.000 MiB / 4.000 MiB read  "
            "all is read; writing the last data (2.000 MiB)");
}

TEST(ProgressDisplay, TellsNoTimeLeftAfterAStop) {
  for (const bool stopped : {false, true}) {
    std::string out;
    std::atomic<bool> told = false;
    Console console(
        [&](std::string_view text) {
          out += text;
          told = told || out.find(" left") != std::string::npos;
        },
        [](std::string_view) {}, {.out_is_terminal = true});
    std::stop_source stop;
    Progress progress;
    progress.stop = stop.get_token();
    progress.total_bytes = 100 << 20;
    progress.totals_final = true;
    progress.done_bytes = 5 << 20;  // the first pieces say little
    if (stopped) stop.request_stop();
    {
      const ProgressDisplay display(console, progress, ProgressKind::restore, ProgressStyle::live,
                                    std::chrono::milliseconds(5));
      // On a busy machine the display's thread may have to wait for its turn.
      const auto wait = std::chrono::milliseconds(stopped ? 200 : 10'000);
      const auto end = std::chrono::steady_clock::now() + wait;
      while (!told && std::chrono::steady_clock::now() < end) {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
      }
    }
    EXPECT_EQ(told, !stopped) << out;
  }
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
