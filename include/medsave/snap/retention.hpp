#pragma once

#include "medsave/base/clock.hpp"
#include "medsave/snap/snapshot_finder.hpp"

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace medsave {

/// A span in calendar units, as `--keep-within` takes it: "1y5m7d2h".
struct CalendarSpan {
  int years = 0;
  int months = 0;
  int days = 0;
  int hours = 0;

  [[nodiscard]] bool is_zero() const {
    return years == 0 && months == 0 && days == 0 && hours == 0;
  }
  friend bool operator==(const CalendarSpan&, const CalendarSpan&) = default;
};
/// Numbers with y, m, d or h behind them, in any order. nullopt when malformed.
std::optional<CalendarSpan> parse_calendar_span(std::string_view text);
/// "1y5m7d2h"; "0h" for zero.
std::string format_calendar_span(const CalendarSpan& span);

inline constexpr int kUnlimited = -1;
/// A count or "unlimited" (and -1). nullopt when malformed.
std::optional<int> parse_keep_count(std::string_view text);

/// Which snapshots of a group to keep. Pure data; the rules are those of restic's `forget`.
struct RetentionPolicy {
  int last = 0;
  int hourly = 0;
  int daily = 0;
  int weekly = 0;
  int monthly = 0;
  int yearly = 0;
  CalendarSpan within = {};
  CalendarSpan within_hourly = {};
  CalendarSpan within_daily = {};
  CalendarSpan within_weekly = {};
  CalendarSpan within_monthly = {};
  CalendarSpan within_yearly = {};
  std::vector<std::vector<std::string>> tags = {};  // any list; all tags inside one

  /// Whether no rule is set at all.
  [[nodiscard]] bool empty() const;
};

/// `--policy NAME`: "cabinet" keeps 14 daily, 8 weekly, 24 monthly and 20 yearly snapshots, the
/// practice's legal 20 years. nullopt for an unknown name.
std::optional<RetentionPolicy> named_policy(std::string_view name);

struct KeptSnapshot {
  SnapshotEntry entry = {};
  std::vector<std::string> matches = {};  // "daily snapshot", "within 7d"; English as in restic
};

struct RetentionResult {
  std::vector<KeptSnapshot> keep = {};     // newest first
  std::vector<SnapshotEntry> remove = {};  // newest first
};

/// Applies the policy to the snapshots of one group. `now` tells which lie in the future: those do
/// not count as the latest, from which spans are measured. Snapshots in `made_with_clock_behind`
/// are kept; compute it from all snapshots, since parents may be in other groups.
RetentionResult apply_retention(std::vector<SnapshotEntry> group, const RetentionPolicy& policy,
                                const Timestamp& now, const std::set<Id>& made_with_clock_behind);

}  // namespace medsave
