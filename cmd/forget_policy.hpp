#pragma once

#include "command_line.hpp"

#include "medsave/snap/retention.hpp"

#include <string>
#include <utility>
#include <vector>

namespace medsave::cli {

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

/// "keep 1 latest, 7 daily snapshots", in restic's words.
std::string describe_policy(const RetentionPolicy& policy);

}  // namespace medsave::cli
