#pragma once

// archive: the engine of `backup`. Begin here: run a BackupRequest, get a snapshot. In lib/archive,
// backup_targets.hpp and tree_walk.hpp find what is to be saved, file_saver.hpp cuts files into
// blobs, and tree_draft.hpp collects the entries of a folder until its tree can be stored.

#include "medsave/base/bytes.hpp"
#include "medsave/base/clock.hpp"
#include "medsave/base/progress.hpp"
#include "medsave/format/snapshot.hpp"
#include "medsave/repo/blob_reader.hpp"
#include "medsave/repo/blob_writer.hpp"
#include "medsave/repo/repository.hpp"
#include "medsave/snap/path_filter.hpp"
#include "medsave/snap/snapshot_finder.hpp"

#include <cstdint>
#include <exception>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
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

/// Bytes that a program writes, such as the dump of a database: a file of the snapshot that is none
/// on the disk.
struct StreamSource {
  std::string filename = "stdin";  // in the snapshot; may hold folders: "dump/db.sql"
  /// Called when its turn comes: streams are read one after another. Returns a descriptor, which
  /// stays its owner's; throws when the program cannot be started.
  std::function<int()> open = {};
  std::function<void()> finish = {};  // after the last byte; throws when the program failed
};

struct BackupRequest {
  /// As given on the command line. A slash at the end of a symlink's name means the folder behind
  /// it, which then stands in the link's place.
  std::vector<std::string> targets = {};
  /// What fails of them is left out as a file that cannot be read is; it ends the backup when it is
  /// all that was to be saved.
  std::vector<StreamSource> streams = {};
  SourceFilter filter = {};
  bool ignore_inode = false;  // implies ignore_ctime, as in restic
  bool ignore_ctime = false;
  bool with_atime = false;
  bool scan = true;  // count first, for percentages and ETA; not where there are streams
  unsigned read_concurrency = 2;
  bool skip_if_unchanged = false;
  bool require_sources = false;  // a source that is a link counts as emptied
  bool dry_run = false;          // the writer goes to a throw-away store, nothing is saved
};

/// Where a backup goes.
struct BackupDestination {
  const Repository& repository;
  /// Names only packs that are there (see load_reliable_index()); learns what is stored.
  Index& index;
  /// Of the opened repository: its stop ends the backup for this destination alone.
  std::stop_token stop = {};
  BlobWriterOptions writer = {};             // the first destination's compression serves all
  std::optional<SnapshotEntry> parent = {};  // its unchanged files are not read
  /// Packs that must still be there before and after the snapshot is saved: adopted ones, which
  /// somebody may be about to delete who has lost his lock.
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

/// A part of a file that has just been read. What it borrows is valid for the call.
struct ReadContent {
  std::string_view path = {};  // in the snapshot
  std::uint64_t offset = 0;    // bytes from the beginning of the file
  ByteView bytes = {};
};

/// Callbacks come from any thread, one at a time per sink. Items are told as they are in the first
/// destination.
struct BackupSinks {
  std::function<void(const BackupProblem&)> problem = {};
  std::function<void(const BackupItem&)> item = {};  // empty: not collected
  std::function<void(std::uint64_t files, std::uint64_t bytes, double seconds)> scan_finished = {};
  NoticeSink notice = {};  // e.g. "x kept changing while it was read"
  /// Looks at the content of files and streams as it is read, for statistics: the parts of one file
  /// in their order, several files at the same time from several threads. May not throw. A file
  /// that is not read, because it is unchanged, does not come; one that then fails has come in
  /// part.
  std::function<void(const ReadContent&)> content = {};
};

/// What one destination got.
struct DestinationResult {
  std::optional<Id> snapshot_id = {};  // absent when skipped or failed
  Snapshot snapshot = {};              // as saved, with its summary
  bool skipped_unchanged = false;
  std::exception_ptr failure = {};  // nullptr when all went well
};

struct BackupResult {
  std::vector<DestinationResult> destinations = {};  // in the order given; at least one is saved
  std::uint64_t problems = 0;
  std::uint64_t stored_again = 0;  // files and folders of the parent that were damaged
  std::uint64_t changed_while_read = 0;
  /// Sources that hold nothing now, unlike in the parent or as required; and folders below them
  /// that were mount points in the parent, or held very much, and hold nothing now.
  std::uint64_t emptied = 0;
  std::vector<std::string> excluded = {};  // sources of which patterns or tags leave nothing
};

/// Reads the sources once into the repositories of all destinations and saves a snapshot in each:
/// packs, then index, then snapshot, each durable before the next. Per-file problems go to the
/// sink. A destination that fails or is stopped is left out, and the others go on; when it is the
/// last, its failure or Interrupted is thrown. Where that happens everything already stored has
/// been indexed, if the lock still stands, and no snapshot was published. The backup takes as long
/// as the slowest destination. Throws Error(usage) when no target exists, a stream's name is taken,
/// or the repositories cut files at different places (see RepoConfig::chunker_polynomial),
/// Error(io) when nothing of all could be read, Error of the repository otherwise.
BackupResult run_backup(std::vector<BackupDestination> destinations, BackupRequest request,
                        const BackupSinks& sinks, Progress& progress);

}  // namespace medsave
