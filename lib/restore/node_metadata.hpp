#pragma once

#include "medsave/base/clock.hpp"
#include "medsave/format/node.hpp"
#include "medsave/restore/restorer.hpp"

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

namespace medsave {

/// What is set on an entry after its content: the part of a Node that outlives the walk.
struct NodeMetadata {
  Timestamp mtime = {};
  Timestamp atime = {};
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::uint32_t permissions = 0;  // 07777
  bool is_symlink = false;
  std::vector<ExtendedAttribute> xattrs = {};  // those that the filters let through
};

/// Sets owner, extended attributes, times and mode, in this order (repository format, "Restoring
/// metadata"): chown clears setuid bits, and attributes need write permission. Thread-safe.
class MetadataWriter {
 public:
  MetadataWriter(const RestoreRequest& request, NoticeSink notice);

  [[nodiscard]] NodeMetadata prepare(Node& node) const;

  /// `may_have_xattrs` is false for an entry that was made just now and can have inherited
  /// nothing: looking for attributes to remove is then left out. Every step that fails is
  /// reported, the others are done; without root's rights, refusals are no problem.
  void apply(int dir, const std::string& name, const NodeMetadata& metadata, bool may_have_xattrs,
             const NoticeSink& problem) const;

 private:
  [[nodiscard]] bool selects_xattr(const std::string& name) const;
  void apply_xattrs(int dir, const std::string& name, const NodeMetadata& metadata,
                    bool may_have_xattrs, const NoticeSink& problem) const;
  template <typename Step>
  void attempt(const Step& step, const NoticeSink& problem) const;

  const RestoreRequest& request_;
  NoticeSink notice_;
  bool is_root_;
  mutable std::atomic<bool> told_unsupported_ = false;
};

}  // namespace medsave
