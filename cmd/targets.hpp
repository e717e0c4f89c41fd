#pragma once

#include "medsave/base/progress.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace medsave::cli {

/// Lists of what to back up, each "-" for standard input.
struct TargetLists {
  std::vector<std::string> files_from = {};           // patterns, with comments
  std::vector<std::string> files_from_verbatim = {};  // one path a line, as it stands
  std::vector<std::string> files_from_raw = {};       // paths, each ended by a NUL byte

  [[nodiscard]] bool empty() const {
    return files_from.empty() && files_from_verbatim.empty() && files_from_raw.empty();
  }
};

/// The paths of all lists. `notice` hears of patterns that match nothing. Throws Error for a list
/// that cannot be read or is malformed.
std::vector<std::string> collect_targets(const TargetLists& lists, const NoticeSink& notice);

/// Lines of a --files-from list: trimmed, without blank ones and comments.
std::vector<std::string> pattern_lines(std::string_view content);
/// Lines of a --files-from-verbatim list: without blank ones, otherwise as they stand.
std::vector<std::string> verbatim_lines(std::string_view content);
/// Names of a --files-from-raw list. Throws Error(usage) for an empty name or a missing NUL at the
/// end (the list was cut short).
std::vector<std::string> raw_names(std::string_view content);

/// Existing paths that fit a shell pattern (`*`, `?`, `[...]`, `\`), sorted; unlike in a shell
/// they also match names with a leading dot.
std::vector<std::string> expand_pattern(const std::string& pattern);

}  // namespace medsave::cli
