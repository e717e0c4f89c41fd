#pragma once

#include "medsave/format/node.hpp"
#include "medsave/format/tree.hpp"
#include "medsave/repo/blob_reader.hpp"
#include "medsave/sys/file_info.hpp"

#include <optional>

namespace medsave {

/// What change detection leaves out. Ignoring the inode ignores ctime too, as in restic.
struct ChangeRules {
  bool ignore_ctime = false;
  bool ignore_inode = false;
  /// When the parent's backup began. What changed since, or in the last tick of the file system's
  /// clock before, may have changed once more within the same time stamp after it was read.
  std::optional<Timestamp> read_since = {};
};

/// Whether a regular file still is what `previous` describes, so far as lstat tells.
bool is_unchanged(const FileInfo& info, const Node& previous, const ChangeRules& rules);
/// The same of a folder: whether the names in it are those that it had.
bool is_same_list(const FileInfo& info, const Node& previous, const ChangeRules& rules);

/// Decides by the parent snapshot which files need not be read. Thread-safe.
class ParentMatcher {
 public:
  ParentMatcher(const BlobReader& reader, const ChangeRules& rules)
      : reader_(reader), rules_(rules) {}

  /// The nodes of a tree of the parent snapshot. Throws Error when it cannot be loaded.
  [[nodiscard]] Tree load(const Id& tree) const;

  [[nodiscard]] bool is_unchanged(const FileInfo& info, const Node& previous) const {
    return medsave::is_unchanged(info, previous, rules_);
  }
  [[nodiscard]] bool is_same_list(const FileInfo& info, const Node& previous) const {
    return medsave::is_same_list(info, previous, rules_);
  }
  /// Whether all its blobs are in the repository; of a folder, its list.
  [[nodiscard]] bool has_content(const Node& previous) const;

 private:
  const BlobReader& reader_;
  const ChangeRules rules_;
};

}  // namespace medsave
