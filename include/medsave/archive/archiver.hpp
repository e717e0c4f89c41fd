#pragma once

#include "medsave/base/clock.hpp"
#include "medsave/base/progress.hpp"
#include "medsave/format/snapshot.hpp"
#include "medsave/repo/blob_reader.hpp"
#include "medsave/repo/blob_writer.hpp"
#include "medsave/repo/repository.hpp"
#include "medsave/snap/path_filter.hpp"
#include "medsave/snap/snapshot_finder.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace medsave {

/// What to leave out, besides what cannot be read.
struct SourceFilter {
  PathFilter excludes = {};
  bool exclude_caches = false;  // folders with a valid CACHEDIR.TAG: keep the tag only
  std::vector<std::string> exclude_if_present = {};       // "name" or "name:header"
  std::optional<std::uint64_t> exclude_larger_than = {};  // bytes; regular files
  bool one_file_system = false;
  std::vector<std::string> own_paths = {};  // never backed up: cache folder, a local repository
};

/// Bytes from a pipe instead of files.
struct StdinSource {
  int fd = 0;
  std::string filename = "stdin";     // may hold folders: "dump/db.sql"
  std::function<void()> finish = {};  // after the last byte; throws when the producer failed
};

struct BackupRequest {
  /// As given on the command line. A slash at the end of a symlink's name means the folder behind
  /// it, which then stands in the link's place.
  std::vector<std::string> targets = {};
  std::optional<StdinSource> from_stdin = {};
  SourceFilter filter = {};
  std::optional<SnapshotEntry> parent = {};  // its unchanged files are not read
  bool ignore_inode = false;                 // implies ignore_ctime, as in restic
  bool ignore_ctime = false;
  bool with_atime = false;
  bool scan = true;  // count first, for percentages and ETA
  unsigned read_concurrency = 2;
  bool skip_if_unchanged = false;
  bool require_sources = false;  // a source that is a link counts as emptied
  bool dry_run = false;          // the writer goes to a throw-away store, nothing is saved
  /// Packs that must still be there when the snapshot is saved: adopted ones, which somebody may be
  /// about to delete who has lost his lock.
  std::vector<Id> relies_on = {};
  Snapshot snapshot = {};  // time, host, user, tags, excludes, program_version as they are saved
};

/// One item's problem; the backup goes on without it (exit 3).
struct BackupProblem {
  std::string path = {};
  std::string message = {};
  bool during_scan = false;
};

enum class ItemAction { added, unchanged, modified };

/// One finished file or folder (folders end in '/'), for `-v`.
struct BackupItem {
  std::string path = {};
  ItemAction action = ItemAction::added;
  double seconds = 0;
  std::uint64_t data_size = 0;          // bytes newly stored, plain
  std::uint64_t data_size_in_repo = 0;  // ... and packed
  std::uint64_t metadata_size = 0;
  std::uint64_t metadata_size_in_repo = 0;
};

/// Callbacks come from any thread, one at a time per sink.
struct BackupSinks {
  std::function<void(const BackupProblem&)> problem = {};
  std::function<void(const BackupItem&)> item = {};  // empty: not collected
  std::function<void(std::uint64_t files, std::uint64_t bytes, double seconds)> scan_finished = {};
  NoticeSink notice = {};  // e.g. "x kept changing while it was read"
};

struct BackupResult {
  std::optional<Id> snapshot_id = {};  // absent when skipped
  Snapshot snapshot = {};              // as saved, with its summary
  std::uint64_t problems = 0;
  std::uint64_t stored_again = 0;  // files and folders of the parent that were damaged
  std::uint64_t changed_while_read = 0;
  /// Sources that hold nothing now, unlike in the parent or as required; and folders below them
  /// that were mount points in the parent, or held very much, and hold nothing now.
  std::uint64_t emptied = 0;
  std::vector<std::string> excluded = {};  // sources of which patterns leave nothing
  bool skipped_unchanged = false;
};

/// Reads the sources into the repository and saves the snapshot: packs, then index, then
/// snapshot, each durable before the next. Per-file problems go to the sink. On Interrupted or
/// failure everything already stored has been indexed, if the lock still stands, and no snapshot
/// was published. `index` names only packs that are there (see load_reliable_index()).
/// Throws Error(usage) when no target exists, Error(io) when nothing of them could be read or
/// nothing arrived on standard input, Error of the repository otherwise.
BackupResult run_backup(const Repository& repository, Index& index,
                        const BlobWriterOptions& writer_options, BackupRequest request,
                        const BackupSinks& sinks, Progress& progress, const std::stop_token& stop);

/// The folders of StdinSource::filename and the file's name at the end. Throws Error(usage) where
/// there is none, or one that no file can have when it is restored.
std::vector<std::string> stdin_components(const std::string& filename);

/// The snapshot that serves as parent: newest of the same group whose time is not after
/// `snapshot.time` and whose paths include all of the new ones. nullptr when there is none.
const SnapshotEntry* choose_parent(const std::vector<SnapshotEntry>& snapshots,
                                   const Snapshot& snapshot, const GroupBy& group_by);

/// Absolute, cleaned form of the targets, as `paths` of the snapshot.
std::vector<std::string> snapshot_paths(const std::vector<std::string>& targets);

}  // namespace medsave
