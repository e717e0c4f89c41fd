#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace medsave {

/// A list of restic's patterns (`--exclude`, `--iexclude`, `--include` ...), in order; a later
/// `!pattern` excludes paths that earlier ones match. Syntax: Go's filepath.Match for one component
/// (`*`, `?`, `[a-z]`, `\` escapes), `**` for any number of components; a pattern with a leading
/// '/' is anchored, any other matches at every depth and also everything below what it names.
/// `$HOME`-style variables are expanded by the caller. Immutable and thread-safe after building.
class PathFilter {
 public:
  PathFilter();
  ~PathFilter();
  PathFilter(PathFilter&&) noexcept;
  PathFilter& operator=(PathFilter&&) noexcept;

  /// Throws Error(usage) naming an invalid pattern.
  void add(const std::string& pattern, bool ignore_case);
  [[nodiscard]] bool empty() const;

  struct Verdict {
    bool matches = false;
    /// Something below this path might match, so that the folder must be entered.
    bool child_may_match = false;
  };
  /// `path` is absolute in the snapshot ("/srv/data/a"), raw bytes.
  [[nodiscard]] Verdict check(const std::string& path) const;

  /// The patterns as they were given, each with a filter of its own; without those with `!`.
  [[nodiscard]] std::vector<std::pair<std::string, PathFilter>> singly() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// In lower case, as patterns that ignore case compare it, independent of the locale: Latin, Greek,
/// Cyrillic, Armenian.
std::string case_folded(std::string_view text);

/// Patterns of an `--exclude-file`: trims white space, drops blank lines and `#` comments, expands
/// `$VAR` and `${VAR}` where there is such a variable ("$$" is a dollar). Text as decode_lines()
/// reads it.
std::vector<std::string> read_pattern_file(const std::string& path);

}  // namespace medsave
