#include "medsave/snap/retention.hpp"

#include "medsave/base/text.hpp"
#include "medsave/format/time_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <limits>
#include <map>
#include <optional>
#include <tuple>

namespace medsave {
namespace {

using std::chrono::days;
using std::chrono::sys_days;
using std::chrono::year_month_day;

constexpr std::int64_t kSecondsPerDay = 86400;

/// Days since 1970 of a wall clock, and the seconds into that day.
struct WallClock {
  sys_days day = {};
  std::int64_t second_of_day = 0;
};

/// The wall clock in the offset the time was written in: a snapshot belongs to the day on which
/// it was made there, whatever zone it is looked at from.
WallClock wall_clock(const ZonedTime& time) {
  const std::int64_t local = time.instant.seconds + time.offset_seconds;
  std::int64_t day = local / kSecondsPerDay;
  if (local % kSecondsPerDay < 0) --day;
  return {sys_days(days(day)), local - day * kSecondsPerDay};
}

// Bucket values: equal for two snapshots that a rule counts as one.

std::int64_t year_bucket(const ZonedTime& time) {
  return static_cast<int>(year_month_day(wall_clock(time).day).year());
}

std::int64_t month_bucket(const ZonedTime& time) {
  const year_month_day date(wall_clock(time).day);
  return std::int64_t{static_cast<int>(date.year())} * 100 + static_cast<unsigned>(date.month());
}

std::int64_t day_bucket(const ZonedTime& time) {
  const year_month_day date(wall_clock(time).day);
  return month_bucket(time) * 100 + static_cast<unsigned>(date.day());
}

std::int64_t hour_bucket(const ZonedTime& time) {
  return day_bucket(time) * 100 + wall_clock(time).second_of_day / 3600;
}

/// ISO 8601: the week of a date is that of its Thursday.
std::int64_t week_bucket(const ZonedTime& time) {
  const sys_days day = wall_clock(time).day;
  const unsigned weekday = std::chrono::weekday(day).iso_encoding();  // Monday = 1
  const sys_days thursday = day + days(4) - days(weekday);
  const year_month_day date(thursday);
  const auto day_of_year = (thursday - sys_days(date.year() / std::chrono::January / 1)).count();
  return std::int64_t{static_cast<int>(date.year())} * 100 + day_of_year / 7 + 1;
}

/// Calendar units first, an overflowing day running into the next month (31 March less a month is
/// "31 February", that is 2 or 3 March), then the hours. Where the time was written in this
/// computer's zone, the day before a change of its clocks has the offset of that day.
Timestamp minus(const ZonedTime& time, const CalendarSpan& span) {
  const WallClock wall = wall_clock(time);
  const year_month_day date(wall.day);
  const year_month_day first_of_month = (date.year() / date.month() / 1) -
                                        std::chrono::months(span.months) -
                                        std::chrono::years(span.years);
  const sys_days day = sys_days(first_of_month) + days(static_cast<unsigned>(date.day())) -
                       days(1) - days(span.days);
  const std::int64_t local = day.time_since_epoch().count() * kSecondsPerDay + wall.second_of_day;
  std::int64_t seconds = local - time.offset_seconds;
  if (in_local_zone(time.instant).offset_seconds == time.offset_seconds) {
    seconds = local - in_local_zone({seconds, 0}).offset_seconds;
  }
  return {seconds - std::int64_t{span.hours} * 3600, time.instant.nanoseconds};
}

/// One `--keep-...` rule while it walks over a group.
struct Rule {
  std::int64_t (*bucket)(const ZonedTime&);  // nullptr: each snapshot is a bucket of its own
  const char* name;                          // why it keeps a snapshot, with {} for the span
  const char* oldest;                        // why it keeps the oldest one although it has enough
  int count;                                 // left to keep; kUnlimited
  CalendarSpan span;  // not zero: instead of counting, keep in this span before the latest
  std::int64_t last = -1;

  [[nodiscard]] bool active() const { return count != 0 || !span.is_zero(); }
};

std::vector<Rule> rules_of(const RetentionPolicy& policy) {
  std::vector<Rule> rules = {
      {nullptr, N_("last snapshot"), N_("oldest last snapshot"), policy.last, {}},
      {hour_bucket, N_("hourly snapshot"), N_("oldest hourly snapshot"), policy.hourly, {}},
      {day_bucket, N_("daily snapshot"), N_("oldest daily snapshot"), policy.daily, {}},
      {week_bucket, N_("weekly snapshot"), N_("oldest weekly snapshot"), policy.weekly, {}},
      {month_bucket, N_("monthly snapshot"), N_("oldest monthly snapshot"), policy.monthly, {}},
      {year_bucket, N_("yearly snapshot"), N_("oldest yearly snapshot"), policy.yearly, {}},
      {hour_bucket, N_("hourly within {}"), N_("oldest hourly within {}"), 0, policy.within_hourly},
      {day_bucket, N_("daily within {}"), N_("oldest daily within {}"), 0, policy.within_daily},
      {week_bucket, N_("weekly within {}"), N_("oldest weekly within {}"), 0, policy.within_weekly},
      {month_bucket, N_("monthly within {}"), N_("oldest monthly within {}"), 0,
       policy.within_monthly},
      {year_bucket, N_("yearly within {}"), N_("oldest yearly within {}"), 0, policy.within_yearly},
  };
  std::erase_if(rules, [](const Rule& rule) { return !rule.active(); });
  return rules;
}

bool has_tags(const Snapshot& snapshot, const std::vector<std::string>& wanted) {
  if (wanted.empty()) return snapshot.tags.empty();
  return std::all_of(wanted.begin(), wanted.end(), [&](const std::string& tag) {
    return std::find(snapshot.tags.begin(), snapshot.tags.end(), tag) != snapshot.tags.end();
  });
}

/// Why a rule keeps this snapshot, empty when it does not. `number` counts from the newest.
std::string match_rule(Rule& rule, const ZonedTime& time, std::size_t number, bool is_oldest,
                       const ZonedTime& latest) {
  if (rule.count == 0 && rule.span.is_zero()) return {};  // used up
  if (!rule.span.is_zero() && !(time.instant > minus(latest, rule.span))) return {};
  const std::int64_t value =
      rule.bucket != nullptr ? rule.bucket(time) : static_cast<std::int64_t>(number);
  const bool same_bucket = value == rule.last;
  if (same_bucket && !is_oldest) return {};
  rule.last = value;
  if (rule.count > 0) --rule.count;
  return format_text(translate(same_bucket ? rule.oldest : rule.name),
                     format_calendar_span(rule.span));
}

/// The first if all are.
std::size_t newest_not_in_future(const std::vector<SnapshotEntry>& newest_first,
                                 const Timestamp& now) {
  for (std::size_t i = 0; i < newest_first.size(); ++i) {
    if (newest_first[i].snapshot.time.instant <= now) return i;
  }
  return 0;
}

bool is_without_files(const SnapshotEntry& entry) {
  const std::optional<SnapshotSummary>& summary = entry.snapshot.summary;
  return summary && summary->total_files_processed == 0;
}

/// Moves a snapshot from those to remove to those to keep, in the order of times.
void spare(RetentionResult& result, std::vector<SnapshotEntry>::iterator entry, std::string why) {
  const auto place = std::ranges::find_if(result.keep, [&](const KeptSnapshot& kept) {
    return kept.entry.snapshot.time.instant < entry->snapshot.time.instant;
  });
  result.keep.insert(place, {std::move(*entry), {std::move(why)}});
  result.remove.erase(entry);
}

/// Keeps the newest snapshot that has files if all others kept have none: while a drive is not
/// connected, one backup after the other finds nothing.
void keep_one_with_files(RetentionResult& result) {
  const bool all_empty = std::ranges::all_of(
      result.keep, [](const KeptSnapshot& kept) { return is_without_files(kept.entry); });
  if (result.keep.empty() || !all_empty) return;
  const auto entry = std::ranges::find_if_not(result.remove, is_without_files);
  if (entry != result.remove.end()) spare(result, entry, _("newest that holds files"));
}

double about_days(const CalendarSpan& span) {
  return 365.0 * span.years + 30.0 * span.months + span.days + span.hours / 24.0;
}

/// With rules for spans only: keeps the newest snapshot to be removed if it is much older than the
/// oldest kept one. Spans are measured back from the latest snapshot; if its clock was ahead, they
/// held nothing else.
void keep_one_before_a_gap(RetentionResult& result, const RetentionPolicy& policy) {
  constexpr double kShortest = 30;  // days; a practice is closed for a month now and then
  constexpr double kLongest = 90;
  const std::vector<Rule> rules = rules_of(policy);
  double longest = about_days(policy.within);
  for (const Rule& rule : rules) longest = std::max(longest, about_days(rule.span));
  const bool only_spans =
      std::ranges::all_of(rules, [](const Rule& rule) { return !rule.span.is_zero(); });
  if (!only_spans || result.keep.empty() || result.remove.empty()) return;
  const Timestamp& oldest = result.keep.back().entry.snapshot.time.instant;
  const Timestamp& before = result.remove.front().snapshot.time.instant;
  if (seconds_between(before, oldest) <= std::clamp(longest, kShortest, kLongest) * kSecondsPerDay)
    return;
  spare(result, result.remove.begin(), _("newest before a long pause"));
}

}  // namespace

std::optional<CalendarSpan> parse_calendar_span(std::string_view text) {
  CalendarSpan span;
  if (text.empty()) return std::nullopt;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end) {
    int number = 0;
    const auto [after, error] = std::from_chars(at, end, number);
    if (error != std::errc{} || number < 0 || after == end) return std::nullopt;
    switch (*after) {
      case 'y':
        span.years = number;
        break;
      case 'm':
        span.months = number;
        break;
      case 'd':
        span.days = number;
        break;
      case 'h':
        span.hours = number;
        break;
      default:
        return std::nullopt;
    }
    at = after + 1;
  }
  // Beyond this the calendar arithmetic would leave its range; nobody keeps backups that long.
  if (span.years > 9999 || span.months > 99999 || span.days > 9999999) return std::nullopt;
  return span;
}

std::string format_calendar_span(const CalendarSpan& span) {
  std::string text;
  const auto count = [](int n) { return static_cast<unsigned long>(n); };
  // A translation that writes words ends in a space, which is taken off the last one.
  if (span.years != 0) text += format_text(n_("{}y", "{}y", count(span.years)), span.years);
  if (span.months != 0) text += format_text(n_("{0}m", "{0}m", count(span.months)), span.months);
  if (span.days != 0) text += format_text(n_("{}d", "{}d", count(span.days)), span.days);
  if (span.hours != 0 || text.empty()) {
    text += format_text(n_("{}h", "{}h", count(span.hours)), span.hours);
  }
  if (text.ends_with(' ')) text.pop_back();
  return text;
}

std::optional<int> parse_keep_count(std::string_view text) {
  if (text == "unlimited") return kUnlimited;
  int count = 0;
  const auto [after, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc{} || after != text.data() + text.size() || count < kUnlimited) {
    return std::nullopt;
  }
  return count;
}

bool RetentionPolicy::empty() const {
  return rules_of(*this).empty() && within.is_zero() && tags.empty();
}

std::optional<RetentionPolicy> named_policy(std::string_view name) {
  if (name != "cabinet") return std::nullopt;
  return RetentionPolicy{.daily = 14, .weekly = 8, .monthly = 24, .yearly = 20};
}

RetentionResult apply_retention(std::vector<SnapshotEntry> group, const RetentionPolicy& policy,
                                const Timestamp& now, const std::set<Id>& made_with_clock_behind) {
  RetentionResult result;
  if (group.empty()) return result;
  std::ranges::stable_sort(
      group, [](const SnapshotEntry& a, const SnapshotEntry& b) { return is_older(b, a); });
  const std::size_t newest = newest_not_in_future(group, now);
  const ZonedTime latest = group[newest].snapshot.time;
  std::vector<Rule> rules = rules_of(policy);
  std::vector<Rule> rules_besides_future = newest == 0 ? std::vector<Rule>() : rules;
  for (std::size_t i = 0; i < group.size(); ++i) {
    const ZonedTime& time = group[i].snapshot.time;
    std::vector<std::string> matches;
    for (const std::vector<std::string>& wanted : policy.tags) {
      if (has_tags(group[i].snapshot, wanted)) {
        matches.push_back(format_text(n_("has tags [{}]", "has tags [{}]", wanted.size()),
                                      fmt::format("{}", fmt::join(wanted, ", "))));
      }
    }
    if (!policy.within.is_zero() && time.instant > minus(latest, policy.within)) {
      matches.push_back(format_text(_("within {}"), format_calendar_span(policy.within)));
    }
    const bool is_oldest = i + 1 == group.size();
    for (Rule& rule : rules) {
      std::string reason = match_rule(rule, time, i, is_oldest, latest);
      if (!reason.empty()) matches.push_back(std::move(reason));
    }
    // Those in the future must not take the place of what was saved with the right clock.
    std::vector<std::string> besides;
    for (Rule& rule : rules_besides_future) {
      if (i < newest) break;
      std::string reason = match_rule(rule, time, i, is_oldest, latest);
      if (!reason.empty()) besides.push_back(std::move(reason));
    }
    if (matches.empty()) matches = std::move(besides);
    if (matches.empty() && made_with_clock_behind.contains(group[i].id)) {
      matches.emplace_back(_("made when the clock was wrong"));
    }
    if (matches.empty() && i == newest && i != 0) {
      matches.emplace_back(_("newest that is not in the future"));
    }
    if (matches.empty()) {
      result.remove.push_back(std::move(group[i]));
    } else {
      result.keep.push_back({std::move(group[i]), std::move(matches)});
    }
  }
  keep_one_with_files(result);
  keep_one_before_a_gap(result, policy);
  return result;
}

}  // namespace medsave
