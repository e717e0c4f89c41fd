#pragma once

#include <functional>
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

/// Hears what of a list is not backed up, and why.
using TargetProblemSink = std::function<void(const std::string& name, const std::string& why)>;

/// The paths of all lists. `problem` hears of patterns that match nothing and of folders that
/// could not be searched. Throws Error for a list that cannot be read or is malformed.
std::vector<std::string> collect_targets(const TargetLists& lists,
                                         const TargetProblemSink& problem);

/// Lines of a --files-from list in UTF-8: trimmed, without blank ones and comments.
std::vector<std::string> pattern_lines(std::string_view content);
/// Lines of a --files-from-verbatim list: without blank ones, otherwise as they stand.
std::vector<std::string> verbatim_lines(std::string_view content);
/// Names of a --files-from-raw list. Throws Error(usage) for an empty name or a missing NUL at the
/// end (the list was cut short).
std::vector<std::string> raw_names(std::string_view content);

/// Existing paths that fit a shell pattern (`*`, `?`, `[...]`, `\`), sorted; unlike in a shell
/// they also match names with a leading dot. `problem` hears of folders that could not be
/// searched.
std::vector<std::string> expand_pattern(const std::string& pattern,
                                        const TargetProblemSink& problem);

/// Whether there is something at this path, be it unreadable.
bool target_exists(const std::string& path);

}  // namespace medsave::cli
