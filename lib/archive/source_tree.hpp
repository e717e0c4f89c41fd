#pragma once

#include "backup_targets.hpp"
#include "exclusion_tags.hpp"

#include "medsave/archive/archiver.hpp"
#include "medsave/sys/dir_handle.hpp"
#include "medsave/sys/file_info.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace medsave {

/// A folder being read. Shared by the tasks for its entries, which reach them relative to the
/// open one: so paths may be of any length, and a folder swapped for a symlink misleads nobody.
struct SourceDir {
  /// None in a folder that only leads to targets; names of entries are whole paths then.
  UniqueDir fd = {};
  std::string path = {};           // absolute, for filters and messages
  std::string snapshot_path = {};  // "/srv/data"; empty for the root
  std::uint64_t device = 0;
  std::uint64_t allowed_device = 0;  // for one_file_system: that of the target above
  unsigned depth = 0;

  [[nodiscard]] DirHandle handle() const { return fd ? fd.get() : kCurrentDirectory; }
};
using SourceDirPtr = std::shared_ptr<const SourceDir>;

/// An entry that takes part in the backup.
struct SourceEntry {
  std::string name = {};  // in the snapshot
  FileInfo info = {};
  const TargetNode* target = nullptr;  // when the command line mentions it
  bool only_targets = false;           // a folder of which only the targets below are wanted
  bool withheld = false;               // known from the parent snapshot alone: see TreeWalk

  /// What a program writes, in place of a file on the disk; nullptr for all others.
  [[nodiscard]] const StreamSource* stream() const {
    return target == nullptr ? nullptr : target->stream;
  }
  /// What to call it relative to `dir`.
  [[nodiscard]] const std::string& source_name(const SourceDir& dir) const {
    return dir.fd || target == nullptr ? name : target->path;
  }
};

/// What of a folder takes part, sorted by name in byte order.
struct SourceList {
  std::vector<SourceEntry> entries = {};
  /// Why the system could not list the folder to its end: others may be in it.
  std::optional<Error> cut_short = {};
};

/// The pattern by which this absolute path is excluded, if it is.
std::optional<std::string> pattern_excluding(const PathFilter& excludes, const std::string& path);

/// The files to back up: targets, folders below them, filters. Thread-safe.
class SourceTree {
 public:
  /// One item's problem: its absolute path, and what is wrong.
  using Problem = std::function<void(const std::string& path, const std::string& message)>;

  /// Throws Error(usage) for a bad exclude_if_present.
  SourceTree(const BackupTargets& targets, const SourceFilter& filter);

  /// The folder above all targets.
  [[nodiscard]] SourceDirPtr root() const { return root_; }

  /// Opens a folder listed by entries(). Throws Error, also when it is none any more.
  [[nodiscard]] SourceDirPtr open(const SourceDir& parent, const SourceEntry& entry) const;

  /// `self` is the entry that led to `dir`, nullptr for the root. Throws Error when the folder is
  /// gone.
  [[nodiscard]] SourceList entries(const SourceDir& dir, const SourceEntry* self,
                                   const Problem& problem) const;

  /// The file (--exclude-caches, --exclude-if-present) whose presence leaves the rest of this
  /// folder out; nullopt where there is none, or no rest.
  [[nodiscard]] std::optional<std::string> tag_in(const SourceDir& dir) const;

  [[nodiscard]] const SourceFilter& filter() const { return filter_; }

  /// Absolute path of an entry.
  [[nodiscard]] static std::string path_of(const SourceDir& dir, const SourceEntry& entry);

 private:
  [[nodiscard]] std::vector<SourceEntry> target_entries(const TargetNode& node,
                                                        const Problem& problem) const;
  [[nodiscard]] SourceList listed_entries(const SourceDir& dir, const TargetNode* target,
                                          const Problem& problem) const;
  static std::uint64_t device_to_stay_on(const SourceDir& parent, const SourceEntry& entry);
  [[nodiscard]] bool is_too_large(const FileInfo& info) const;
  [[nodiscard]] bool rejects(const SourceDir& dir, const FileInfo& info) const;

  const TargetNode& targets_;
  const SourceFilter& filter_;
  const ExclusionTags tags_;
  std::vector<FileKey> own_;
  SourceDirPtr root_;
};

}  // namespace medsave
