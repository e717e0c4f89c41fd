#include "medsave/snap/retention.hpp"

#include "unit/format/fixtures.hpp"

#include "medsave/snap/wrong_clock.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <fstream>
#include <sstream>

namespace medsave::test {
namespace {

Timestamp at(std::string_view text) { return parse_time(text)->instant; }

SnapshotEntry snapshot(std::string_view time, std::vector<std::string> tags = {}) {
  SnapshotEntry entry;
  entry.snapshot.time = *parse_time(time);
  entry.snapshot.tags = std::move(tags);
  return entry;
}

/// `--keep-daily 7 --keep-tag a,b` as restic's command line has them.
RetentionPolicy policy_from(const std::string& options) {
  RetentionPolicy policy;
  std::istringstream words(options);
  for (std::string word; words >> word;) {
    std::string value;
    if (const auto equals = word.find('='); equals != std::string::npos) {
      value = word.substr(equals + 1);
      word.resize(equals);
    } else {
      words >> value;
    }
    const std::string name = word.substr(7);  // behind "--keep-"
    const auto count = [&] { return parse_keep_count(value).value(); };
    const auto span = [&] { return parse_calendar_span(value).value(); };
    if (name == "last")
      policy.last = count();
    else if (name == "hourly")
      policy.hourly = count();
    else if (name == "daily")
      policy.daily = count();
    else if (name == "weekly")
      policy.weekly = count();
    else if (name == "monthly")
      policy.monthly = count();
    else if (name == "yearly")
      policy.yearly = count();
    else if (name == "within")
      policy.within = span();
    else if (name == "within-hourly")
      policy.within_hourly = span();
    else if (name == "within-daily")
      policy.within_daily = span();
    else if (name == "within-weekly")
      policy.within_weekly = span();
    else if (name == "within-monthly")
      policy.within_monthly = span();
    else if (name == "within-yearly")
      policy.within_yearly = span();
    else if (name == "tag")
      policy.tags.push_back(parse_tag_list(value));
    else
      ADD_FAILURE() << "unknown option " << word;
  }
  return policy;
}

RetentionResult apply_retention(const std::vector<SnapshotEntry>& group,
                                const RetentionPolicy& policy, const Timestamp& now) {
  return medsave::apply_retention(group, policy, now, made_with_clock_behind(group));
}

TEST(Retention, KeepsWhatResticKeepsForTheSameReasons) {
  std::ifstream file(MEDSAVE_TEST_DATA "/forget-policy.json");
  const nlohmann::json data = nlohmann::json::parse(file);
  std::vector<SnapshotEntry> all;
  for (const auto& item : data["snapshots"]) {
    std::vector<std::string> tags;
    if (!item["tags"].is_null()) tags = item["tags"].get<std::vector<std::string>>();
    all.push_back(snapshot(item["time"].get<std::string>(), tags));
    all.back().snapshot.hostname = std::to_string(all.size() - 1);  // tells which it was
  }
  // The fixture has one snapshot in the future of when it was made.
  const Timestamp now = at("2026-11-22T12:00:00Z");
  ASSERT_FALSE(data["cases"].empty());
  for (const auto& item : data["cases"]) {
    SCOPED_TRACE(item["options"].get<std::string>());
    RetentionResult result =
        apply_retention(all, policy_from(item["options"].get<std::string>()), now);
    // It uses up none of what is kept besides it.
    const std::size_t more = std::erase_if(result.keep, [&](const KeptSnapshot& kept) {
      return std::ranges::none_of(item["keep"], [&](const nlohmann::json& wanted) {
        return std::to_string(wanted[0].get<std::size_t>()) == kept.entry.snapshot.hostname;
      });
    });
    EXPECT_LE(more, item["keep"].size());
    ASSERT_EQ(result.keep.size(), item["keep"].size());
    EXPECT_EQ(result.remove.size() + more, item["remove_count"].get<std::size_t>());
    for (std::size_t i = 0; i < result.keep.size(); ++i) {
      const auto& expected = item["keep"][i];
      EXPECT_EQ(result.keep[i].entry.snapshot.hostname,
                std::to_string(expected[0].get<std::size_t>()));
      std::vector<std::string> reasons(expected.begin() + 1, expected.end());
      EXPECT_EQ(result.keep[i].matches, reasons);
    }
  }
}

TEST(Retention, ParsesSpansInAnyOrderAndPrintsThemInOne) {
  EXPECT_EQ(format_calendar_span(*parse_calendar_span("2h7d5m1y")), "1y5m7d2h");
  EXPECT_EQ(format_calendar_span(*parse_calendar_span("36h")), "36h");
  for (const char* bad : {"", "5", "d", "5x", "-1d", "1d ", "99999999999d"}) {
    EXPECT_FALSE(parse_calendar_span(bad)) << bad;
  }
}

TEST(Retention, MeasuresMonthsWithOverflowIntoTheNext) {
  // A month before 31 March is "31 February": 3 March in a common year.
  const std::vector<SnapshotEntry> group = {snapshot("2023-03-31T12:00:00Z"),
                                            snapshot("2023-03-03T12:00:01Z"),
                                            snapshot("2023-03-03T12:00:00Z")};
  const RetentionResult result =
      apply_retention(group, {.within = *parse_calendar_span("1m")}, at("2024-01-01T00:00:00Z"));
  EXPECT_EQ(result.keep.size(), 2U);
  EXPECT_EQ(result.remove.size(), 1U);
}

TEST(Retention, MeasuresDaysAcrossAChangeOfTheClocks) {
  // The evening of 23 October by the clock of Paris, which was put back on the 25th.
  const std::vector<SnapshotEntry> group = {snapshot("2026-10-30T20:00:00+01:00"),
                                            snapshot("2026-10-23T20:00:01+02:00"),
                                            snapshot("2026-10-23T20:00:00+02:00")};
  std::size_t kept = 0;
  in_zone("Europe/Paris", [&] {
    kept = apply_retention(group, {.within = *parse_calendar_span("7d")},
                           group[0].snapshot.time.instant)
               .keep.size();
  });
  EXPECT_EQ(kept, 2U);
  in_zone("UTC", [&] {  // of another place's clocks nothing is known
    kept = apply_retention(group, {.within = *parse_calendar_span("7d")},
                           group[0].snapshot.time.instant)
               .keep.size();
  });
  EXPECT_EQ(kept, 1U);
}

TEST(Retention, CountsDaysByTheClockOfTheSnapshotsOwnZone) {
  const std::vector<SnapshotEntry> group = {
      snapshot("2024-01-02T00:30:00+02:00"), snapshot("2024-01-01T23:30:00+02:00"),
      snapshot("2024-01-01T01:00:00+02:00"), snapshot("2023-12-01T01:00:00+02:00")};
  const RetentionResult result = apply_retention(group, {.daily = 2}, at("2025-01-01T00:00:00Z"));
  ASSERT_EQ(result.keep.size(), 2U);  // both evenings, though they are one day in UTC
  EXPECT_EQ(result.keep[1].entry.snapshot.time, group[1].snapshot.time);
}

TEST(Retention, NeverRemovesEverythingByASpanFromTheFuture) {
  const std::vector<SnapshotEntry> group = {snapshot("2042-01-01T00:00:00Z"),
                                            snapshot("2024-01-02T00:00:00Z"),
                                            snapshot("2024-01-01T00:00:00Z")};
  const RetentionResult result =
      apply_retention(group, {.within = *parse_calendar_span("1d")}, at("2024-01-02T12:00:00Z"));
  EXPECT_EQ(result.keep.size(), 2U);
}

TEST(Retention, KeepsTheNewestOfBeforeWhenOthersAreInTheFuture) {
  const std::vector<SnapshotEntry> group = {
      snapshot("2036-11-28T00:00:00Z"), snapshot("2036-11-27T00:00:00Z"),
      snapshot("2026-11-30T00:00:00Z"), snapshot("2026-11-29T00:00:00Z")};
  const RetentionResult result = apply_retention(group, {.daily = 2}, at("2026-11-30T12:00:00Z"));
  // Those in the future stay, and use up nothing.
  ASSERT_EQ(result.keep.size(), 4U);
  EXPECT_EQ(result.keep[2].entry.snapshot.time, group[2].snapshot.time);
  EXPECT_EQ(apply_retention(group, {.daily = 2}, at("2037-01-01T00:00:00Z")).keep.size(), 2U);
}

TEST(Retention, OfTheSameTimeWhatWasSavedCountsBeforeWhatWasMadeOfIt) {
  std::vector<SnapshotEntry> group(2, snapshot("2026-11-29T00:00:00Z"));
  for (const std::size_t made : {0U, 1U}) {
    group[made].snapshot.original = Id{};
    group[1 - made].snapshot.original.reset();
    const RetentionResult result = apply_retention(group, {.last = 1}, at("2026-11-30T00:00:00Z"));
    ASSERT_EQ(result.keep.size(), 1U);
    EXPECT_FALSE(result.keep[0].entry.snapshot.original);
  }
}

TEST(Retention, KeepsTheNewestWithFilesWhenOthersFoundNone) {
  std::vector<SnapshotEntry> group;
  for (const char* day : {"05", "04", "03", "02", "01"}) {
    group.push_back(snapshot(std::string("2026-11-") + day + "T20:00:00Z"));
    group.back().snapshot.summary.emplace();
  }
  group[3].snapshot.summary->total_files_processed = 7;
  group[4].snapshot.summary->total_files_processed = 7;
  const RetentionResult result = apply_retention(group, {.last = 3}, at("2026-11-30T12:00:00Z"));
  ASSERT_EQ(result.keep.size(), 4U);
  EXPECT_EQ(result.keep[3].entry.snapshot.time, group[3].snapshot.time);
  EXPECT_EQ(result.remove.size(), 1U);
  group[0].snapshot.summary->total_files_processed = 1;
  EXPECT_EQ(apply_retention(group, {.last = 3}, at("2026-11-30T12:00:00Z")).keep.size(), 3U);
}

TEST(Retention, KeepsOneBeforeALongPauseWhereOnlySpansCount) {
  // The clock of the newest was ahead by more than a year.
  const std::vector<SnapshotEntry> group = {snapshot("2027-12-30T20:00:00Z"),
                                            snapshot("2026-11-29T20:00:00Z"),
                                            snapshot("2026-11-28T20:00:00Z")};
  const Timestamp now = at("2027-12-30T20:00:00Z");
  RetentionPolicy policy = {.within = *parse_calendar_span("1y")};
  const RetentionResult result = apply_retention(group, policy, now);
  ASSERT_EQ(result.keep.size(), 2U);
  EXPECT_EQ(result.keep[1].entry.snapshot.time, group[1].snapshot.time);
  policy.last = 1;
  EXPECT_EQ(apply_retention(group, policy, now).keep.size(), 1U);
}

TEST(Retention, KeepsWhatWasMadeWithAClockThatWasBehind) {
  std::vector<SnapshotEntry> group = {snapshot("2026-11-29T20:00:00Z"),
                                      snapshot("2026-11-28T20:00:00Z"),
                                      snapshot("2020-01-01T00:00:30Z")};
  group[0].id.bytes()[0] = std::byte{1};
  group[2].id.bytes()[0] = std::byte{2};
  group[2].snapshot.parent = group[0].id;
  group.push_back(snapshot("2020-01-02T00:00:30Z"));  // the night after
  group[3].id.bytes()[0] = std::byte{3};
  group[3].snapshot.parent = group[2].id;
  RetentionResult result = apply_retention(group, {.last = 1}, at("2026-11-30T12:00:00Z"));
  ASSERT_EQ(result.keep.size(), 3U);
  EXPECT_EQ(result.keep[1].entry.id, group[3].id);
  EXPECT_EQ(result.keep[2].entry.id, group[2].id);
  // With another id because of its tags.
  group[0].snapshot.original = group[0].id;
  group[0].id.bytes()[1] = std::byte{1};
  result = apply_retention(group, {.last = 1}, at("2026-11-30T12:00:00Z"));
  EXPECT_EQ(result.keep.size(), 3U);
}

TEST(Retention, KnowsAClockThatWasBehindByASnapshotOfAnotherGroup) {
  SnapshotEntry before = snapshot("2026-11-29T20:00:00Z");
  before.id.bytes()[0] = std::byte{1};
  SnapshotEntry first = snapshot("2020-01-01T00:00:30Z");
  first.id.bytes()[0] = std::byte{2};
  first.snapshot.parent = before.id;
  const std::vector<SnapshotEntry> group = {first, snapshot("2026-11-28T20:00:00Z")};
  const std::set<Id> behind = made_with_clock_behind({before, group[0], group[1]});
  const RetentionResult result =
      medsave::apply_retention(group, {.last = 1}, at("2026-11-30T12:00:00Z"), behind);
  EXPECT_TRUE(result.remove.empty());
}

TEST(Retention, OfTheSameTimeTheFullerOfTwoThatWereMadeCounts) {
  std::vector<SnapshotEntry> group(2, snapshot("2026-11-29T00:00:00Z"));
  for (const std::size_t full : {0U, 1U}) {
    for (std::size_t i = 0; i < 2; ++i) {
      group[i].id.bytes()[0] = static_cast<std::byte>(i);
      group[i].snapshot.original = Id{};
      group[i].snapshot.summary.emplace().total_files_processed = 1;
      group[i].snapshot.summary->total_bytes_processed = i == full ? 9 : 0;
    }
    const RetentionResult result = apply_retention(group, {.last = 1}, at("2026-11-30T00:00:00Z"));
    ASSERT_EQ(result.keep.size(), 1U);
    EXPECT_EQ(result.keep[0].entry.id, group[full].id);
  }
}

TEST(Retention, KnowsThePracticesPolicy) {
  const auto policy = named_policy("cabinet");
  ASSERT_TRUE(policy);
  EXPECT_EQ(policy->daily, 14);
  EXPECT_EQ(policy->weekly, 8);
  EXPECT_EQ(policy->monthly, 24);
  EXPECT_EQ(policy->yearly, 20);
  EXPECT_FALSE(named_policy("unknown"));
  EXPECT_TRUE(RetentionPolicy{}.empty());
}

}  // namespace
}  // namespace medsave::test
