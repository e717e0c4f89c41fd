#pragma once

#include "medsave/archive/archiver.hpp"
#include "medsave/sys/dir_handle.hpp"
#include "medsave/sys/file_info.hpp"

#include <optional>
#include <string>
#include <vector>

namespace medsave {

/// Files whose presence keeps all others of their folder out (--exclude-caches,
/// --exclude-if-present). Immutable, so thread-safe.
class ExclusionTags {
 public:
  /// Throws Error(usage) for a bad exclude_if_present.
  explicit ExclusionTags(const SourceFilter& filter);

  /// The names of those that are in `folder`, whose entries are `sorted` by name.
  [[nodiscard]] std::vector<std::string> in(DirHandle folder,
                                            const std::vector<DirEntry>& sorted) const;
  /// The tag that keeps something in `folder` out; nullopt where none does.
  [[nodiscard]] std::optional<std::string> excluding(DirHandle folder) const;
  /// Whether one of the tags `found` in a folder keeps this entry out: no tag does that to itself.
  static bool exclude(const std::vector<std::string>& found, const std::string& name);

 private:
  struct Tag {
    std::string name = {};
    std::string header = {};  // what it begins with
  };
  std::vector<Tag> tags_;
};

}  // namespace medsave
