#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace medsave {

/// A list of restic's patterns (`--exclude`, `--iexclude`, `--include` ...), in order; a later
/// `!pattern` takes back. Syntax: Go's filepath.Match for one component (`*`, `?`, `[a-z]`,
/// `\` escapes), `**` for any number of components; a pattern with a leading '/' is anchored, any
/// other matches at every depth and also everything below what it names. `$HOME`-style
/// variables are expanded by the caller. Immutable and thread-safe after building.
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
    /// Something below this path might match (includes: descend; excludes with `!`: do not prune).
    bool child_may_match = false;
  };
  /// `path` is absolute in the snapshot ("/srv/data/a"), raw bytes.
  [[nodiscard]] Verdict check(const std::string& path) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Patterns of an `--exclude-file`: trims white space, drops blank lines and `#` comments, expands
/// `$VAR` and `${VAR}` ("$$" is a dollar). A UTF-8 byte order mark is skipped.
std::vector<std::string> read_pattern_file(const std::string& path);

}  // namespace medsave
