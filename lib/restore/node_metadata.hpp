#pragma once

#include "target_limits.hpp"

#include "medsave/base/clock.hpp"
#include "medsave/format/node.hpp"
#include "medsave/restore/restorer.hpp"
#include "medsave/sys/file_info.hpp"

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
  std::uint32_t permissions = 0;               // 07777
  EntryKind kind = EntryKind::file;            // a device counts as a file
  std::vector<ExtendedAttribute> xattrs = {};  // those that the filters let through
};

/// What an entry in the target has now. An attribute that cannot be read is told to `problem`.
NodeMetadata present_metadata(DirHandle dir, const std::string& name, const FileInfo& info,
                              const NoticeSink& problem);

/// Sets owner, extended attributes, mode and times, in this order: chown clears setuid bits, and
/// attributes need write permission. Thread-safe.
class MetadataWriter {
 public:
  MetadataWriter(const RestoreRequest& request, NoticeSink notice);

  [[nodiscard]] NodeMetadata prepare(Node& node) const;

  /// `may_have_xattrs` is false for an entry that was made just now and can have inherited
  /// nothing: looking for attributes to remove is then left out. Every step that fails is
  /// reported, the others are done. No problem are refusals of owners, and of attributes that are
  /// not the user's own, without root's rights, and of what the file system cannot hold.
  void apply(DirHandle dir, const std::string& name, const NodeMetadata& metadata,
             bool may_have_xattrs, const NoticeSink& problem) const;
  /// At the end: tells what had to be left out, each kind once.
  void report() const;

 private:
  /// The entry in turn.
  struct Entry {
    DirHandle dir = {};
    const std::string& name;
    const NodeMetadata& metadata;
    const NoticeSink& problem;
  };

  [[nodiscard]] bool selects_xattr(const std::string& name) const;
  void apply_owner(const Entry& entry) const;
  void apply_xattrs(const Entry& entry, bool may_have_xattrs) const;
  void set_xattr(const std::string& name, DirHandle dir, const ExtendedAttribute& xattr) const;
  void make_writable(const Entry& entry) const;
  void note_clamped_time(const Entry& entry) const;
  [[nodiscard]] std::uint32_t safe_permissions(const Entry& entry) const;
  /// `needs_root`: without root's rights it is no problem when this is denied.
  template <typename Step>
  void attempt(const Entry& entry, MetadataPart part, bool needs_root, const Step& step) const;

  const RestoreRequest& request_;
  NoticeSink notice_;
  bool is_root_;
  mutable std::atomic<bool> told_unsupported_ = false;
  mutable std::atomic<std::uint64_t> set_ids_dropped_ = 0;
  mutable TargetLimits limits_;
};

}  // namespace medsave
