#pragma once

#include "restore_log.hpp"

#include "medsave/format/tree.hpp"
#include "medsave/restore/restorer.hpp"
#include "medsave/sys/file_info.hpp"
#include "medsave/sys/metadata.hpp"
#include "medsave/sys/remove_tree.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <set>
#include <string>

namespace medsave {

/// Whether a folder holds a repository, ours or restic's.
bool holds_repository(DirHandle folder);
using TreeSource = std::function<Tree(const Id& tree)>;
/// Whether the repository in `folder` may be the one that `tree` holds, or what an interrupted
/// restore of that one left: they have the same config, or the folder has no whole one and has no
/// keys, snapshots and indexes but those that `tree` has too. Throws what `load` throws.
bool may_be_repository_in(DirHandle folder, const Tree& tree, const TreeSource& load);
/// Whether the entry of `folder` that has the name of `saved` is a link to the same or a file with
/// its content. For small files: of what is larger than half a MiB it is said that it is not.
bool holds_content(DirHandle folder, const FileInfo& present, const Node& saved);

/// The files that open the repository, as they were named and where links lead, and the links on
/// the way to them and to the repository.
std::set<FileKey> what_opens_it(const RestoreRequest& request);
/// Those of RestoreRequest::own_folders that are there.
std::set<FileKey> own_folders(const RestoreRequest& request);
/// The folder into which a check of the file system puts what it rescued, be it this one or above.
bool is_lost_and_found(const std::string& path);

/// Decides what `--delete` may remove of an entry that the snapshot does not have, and tells what
/// it spares: what the patterns do not select, what the backup had left out, what is mounted in the
/// target, repositories and caches of them. Thread-safe.
class ExtraGuard {
 public:
  ExtraGuard(const RestoreRequest& request, RestoreLog& log)
      : request_(request),
        log_(log),
        opening_(what_opens_it(request)),
        own_(own_folders(request)) {}

  /// Whether `present` in `folder`, in the place of `node`, opens the repository and is not what
  /// the snapshot has: whatever replaced it, the backups might open no more.
  [[nodiscard]] bool opens_repository(DirHandle folder, const FileInfo& present,
                                      const Node& node) const;

  /// Whether the patterns select this path of the snapshot, be it in the snapshot or not.
  [[nodiscard]] bool selects(const std::string& path) const;
  /// As RemovalJudge; `path` is that in the snapshot.
  Fate judge(const std::string& path, DirHandle folder);
  /// Judges what is below `folder`, a path in the snapshot ("" for its root).
  [[nodiscard]] RemovalJudge judge_in(const std::string& folder);
  /// So many entries stay because the backup had left them out.
  void add_left_out(std::uint64_t entries) { left_out_.fetch_add(entries); }
  /// Say why nothing is removed from a folder.
  void tell_of_mount(const std::string& path);
  void tell_of_unsaved_mount(const std::string& path);
  void tell_of_empty_source(const std::string& path);
  void tell_of_repository(const std::string& path);
  void tell_of_rescued(const std::string& path);
  /// At the end: tells how much the backup had left out.
  void report() const;

 private:
  const RestoreRequest& request_;
  RestoreLog& log_;
  const std::set<FileKey> opening_;
  const std::set<FileKey> own_;
  std::atomic<std::uint64_t> left_out_ = 0;
};

}  // namespace medsave
