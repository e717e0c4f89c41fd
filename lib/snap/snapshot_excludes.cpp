#include "medsave/snap/snapshot_excludes.hpp"

#include "medsave/base/error.hpp"

#include <algorithm>
#include <set>
#include <string_view>

namespace medsave {

SnapshotExcludes::SnapshotExcludes(const Snapshot& snapshot, const std::string& folder) {
  for (const std::string& pattern : snapshot.excludes) {
    try {
      patterns_.add(pattern, false);
    } catch (const Error&) {
      continue;  // an invalid pattern has not excluded anything
    }
  }
  const std::size_t start = folder.find_first_not_of('/');
  std::string inside;
  if (start != std::string::npos) inside = "/" + folder.substr(start);
  while (inside.ends_with('/')) inside.pop_back();
  // "letters" saved in /home/anna is /letters in the snapshot, and the content of "." is in its
  // root. So paths on disk may begin with any folder above a source: the snapshot does not say
  // which one was the current folder.
  std::set<std::string> starts = {""};
  for (const std::string& path : snapshot.paths) {
    std::string above = path;
    while (!above.empty() && above.front() == '/') {
      starts.insert(above);
      above.resize(above.rfind('/'));
    }
  }
  for (const std::string& above : starts) prefixes_.push_back(above + inside);
}

bool SnapshotExcludes::match(const std::string& path) const {
  if (patterns_.empty()) return false;
  return std::ranges::any_of(
      prefixes_, [&](const std::string& prefix) { return patterns_.check(prefix + path).matches; });
}

}  // namespace medsave
