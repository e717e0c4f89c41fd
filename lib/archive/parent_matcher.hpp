#pragma once

#include "medsave/format/node.hpp"
#include "medsave/format/tree.hpp"
#include "medsave/repo/blob_reader.hpp"
#include "medsave/sys/file_info.hpp"

namespace medsave {

/// Decides by the parent snapshot which files need not be read. Thread-safe.
class ParentMatcher {
 public:
  struct Rules {
    bool ignore_ctime = false;
    bool ignore_inode = false;
  };
  ParentMatcher(const BlobReader& reader, const Rules& rules) : reader_(reader), rules_(rules) {}

  /// The nodes of a tree of the parent snapshot. Throws Error when it cannot be loaded.
  [[nodiscard]] Tree load(const Id& tree) const;

  /// Whether a regular file still is what `previous` describes, so far as lstat tells.
  [[nodiscard]] bool is_unchanged(const FileInfo& info, const Node& previous) const;
  /// Whether all its blobs are in the repository.
  [[nodiscard]] bool has_content(const Node& previous) const;

 private:
  const BlobReader& reader_;
  const Rules rules_;
};

}  // namespace medsave
