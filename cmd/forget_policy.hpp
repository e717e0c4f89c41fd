#pragma once

#include "command_line.hpp"

#include "medsave/snap/retention.hpp"

#include <string>
#include <utility>
#include <vector>

namespace medsave::cli {

class Context;

/// The --keep options and --policy, in whatever order they were given.
struct PolicyChoice {
  RetentionPolicy named = {};
  std::vector<std::pair<int RetentionPolicy::*, int>> counts = {};
  std::vector<std::pair<CalendarSpan RetentionPolicy::*, CalendarSpan>> spans = {};
  std::vector<std::vector<std::string>> tags = {};

  /// The named policy with what the other options say instead.
  [[nodiscard]] RetentionPolicy policy() const;
};
void add_policy_options(Command& command, PolicyChoice& choice);

/// Warns of each --keep-tag that none of the snapshots fits: a slip in its spelling would cost what
/// it should keep. As restic, nothing.
void warn_of_unused_tags(const RetentionPolicy& policy, const std::vector<SnapshotEntry>& snapshots,
                         Context& context);

/// "keep 1 latest, 7 daily snapshots", in restic's words.
std::string describe_policy(const RetentionPolicy& policy);

}  // namespace medsave::cli
