#pragma once

// restore: the engine of `restore`. Begin here. In lib/restore, folder_planner.hpp and
// restore_walk.hpp decide what is to be done, folder by folder; what has to wait until all is
// planned is collected in deferred_work.hpp, and the files named *_stage.hpp are the steps in which
// it is done: contents, links, metadata, verification.

#include "medsave/base/clock.hpp"
#include "medsave/base/progress.hpp"
#include "medsave/format/node.hpp"
#include "medsave/repo/blob_reader.hpp"
#include "medsave/snap/path_filter.hpp"
#include "medsave/snap/snapshot_excludes.hpp"
#include "medsave/sys/memory.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace medsave {

enum class Overwrite { always, if_changed, if_newer, never };
std::optional<Overwrite> parse_overwrite(std::string_view text);

struct RestoreRequest {
  Id tree = {};  // root of what is restored (a snapshot's tree or a subfolder's)
  // That folder itself, if it is not the snapshot's root: the target gets its metadata, provided
  // it is made or was empty (before a restore that was interrupted) and nothing is to be left out.
  std::optional<Node> folder = {};
  std::string target = {};   // directory; made if missing
  PathFilter excludes = {};  // at most one of the two is non-empty
  PathFilter includes = {};
  PathFilter exclude_xattrs = {};  // on attribute names ("user.*"), matched as a single component
  PathFilter include_xattrs = {};
  Overwrite overwrite = Overwrite::always;
  bool tell_of_newer = false;  // a notice when files newer than in the snapshot are overwritten
  bool delete_extra = false;   // remove what the snapshot does not have (within the filters)
  // What the snapshot was made of, as paths within `tree` ("/practice", "/" for all of it; none
  // where that is not certain). A folder above these is in the snapshot only because it leads to
  // them: nothing is deleted there, and no link in its place replaced.
  std::vector<std::string> sources = {"/"};
  SnapshotExcludes left_out = {};  // what the backup left out is in no snapshot: it stays
  bool is_derived = false;         // the snapshot, from that of the backup: what was taken out of
                                   // it then is removed too, and that is told
  std::string repository = {};     // its folder, if it has one here: neither it nor what holds it
                                   // goes, and nothing is restored into it
  // What opens the repository, its password's file above all: these and what holds them stay too.
  std::vector<std::string> opening_files = {};
  std::vector<std::string> own_folders = {};  // never saved, so they stay: the cache folder
  bool verify = false;  // read back from the medium and compare after restoring
  bool sync = true;     // everything is on the medium when run_restore() returns
  bool sparse = false;
  // A file is written beside its place and gets its name when it is complete and (with `sync`) on
  // the medium: also one of which only a part differs, so that what was there is whole until then.
  // Its metadata follows at the end all the same.
  bool under_temporary_names = false;
  bool ownership_by_name = false;
  std::uint64_t memory = affordable_memory();  // bytes, for what is remembered of each entry
};

enum class RestoreAction {
  restored,
  updated,
  entered,  // a folder that was there already: restic counts it as restored
  unchanged,
  deleted,
  skipped
};

struct RestoreItem {
  std::string path = {};  // within the snapshot, "/srv/a"
  RestoreAction action = RestoreAction::restored;
  std::uint64_t size = 0;  // bytes
};

struct RestoreProblem {
  std::string path = {};  // as in RestoreItem
  std::string message = {};
};

/// Where what went wrong is to be mended.
enum class RestoreFault { target, repository, either };

/// Where an entry of the snapshot lies in the target: "/srv/a" is "/tmp/r/srv/a".
std::string place_in_target(const std::string& target, const std::string& path);

/// What a restore is about to do, in entries of the snapshot and bytes. Known when all is planned:
/// run_restore() and apply_restore() have made folders, links and empty files by then, written no
/// content yet and removed nothing.
struct RestoreForecast {
  std::uint64_t made = 0;
  std::uint64_t replaced = 0;  // something else goes
  std::uint64_t changed = 0;   // files, as far as they differ
  std::uint64_t kept = 0;      // as it is, and folders with what is in them
  std::uint64_t linked = 0;    // further names of one entry
  std::uint64_t removed = 0;   // what the snapshot does not have; a folder with its content is one
  std::uint64_t refused = 0;
  std::uint64_t bytes = 0;                 // of content to be written
  std::uint64_t growth = 0;                // that the target holds more afterwards, at most
  std::uint64_t newer = 0;                 // files overwritten that are newer than in the snapshot
  std::optional<std::uint64_t> free = {};  // where the target lies; nullopt where unknown
};

/// Callbacks come from any thread, one at a time per sink.
struct RestoreSinks {
  std::function<void(const RestoreProblem&)> problem = {};
  std::function<void(const RestoreItem&)> item = {};          // empty: not collected
  std::function<void(const RestoreForecast&)> forecast = {};  // once
  NoticeSink notice = {};
};

struct RestoreResult {
  std::uint64_t files_total = 0;  // including folders and specials
  std::uint64_t files_restored = 0;
  std::uint64_t folders_total = 0;  // of these
  std::uint64_t folders_restored = 0;
  std::uint64_t folders_there = 0;  // of these, not made: they were in the target already
  std::uint64_t refused = 0;        // that could not even be planned; not in the totals
  std::uint64_t files_skipped = 0;
  std::uint64_t files_left = 0;  // of these, not even looked into, as Overwrite says
  std::uint64_t bytes_left = 0;  // in these
  std::uint64_t files_deleted = 0;
  std::uint64_t bytes_total = 0;
  std::uint64_t bytes_restored = 0;
  std::uint64_t bytes_skipped = 0;
  std::uint64_t problems = 0;
  bool target_fails = false;      // one of them at least is the target's
  bool repository_fails = false;  // one at least is of what the repository has lost
  std::uint64_t files_verified = 0;
};

/// A restore that was planned and has changed nothing.
///
/// The sinks were told of each entry, folder by folder: a snapshot can have millions, the plan of
/// which would need gigabytes. What it adds up to is kept here.
struct RestorePlan {
  const RestoreRequest* request = nullptr;  // outlives the plan
  RestoreForecast forecast = {};
  RestoreResult outcome = {};  // as it would be; `problems` are those that show already
  Timestamp made = {};         // by the clock of files, where something may be removed
};

/// Goes through snapshot and target as run_restore() does, and tells the sinks what that would do.
/// Nothing is written, and no content read but that of present files which have to be compared.
RestorePlan plan_restore(const BlobReader& reader, const RestoreRequest& request,
                         const RestoreSinks& sinks, Progress& progress,
                         const std::stop_token& stop);

/// Does what was planned. The target may be another by now: each entry is judged once more when its
/// turn comes, by the same rules, and what came or changed since the plan was made is not removed.
RestoreResult apply_restore(const BlobReader& reader, const RestorePlan& plan,
                            const RestoreSinks& sinks, Progress& progress,
                            const std::stop_token& stop);

/// Both in one go, for who need not look at the plan before: each folder is planned and made.
///
/// Restores below `target` and nowhere else: every step works on directory descriptors opened
/// without following symlinks, names are judged by is_safe_name, duplicates are refused. Folders,
/// links and empty files are made while planning. Contents follow by pack: each needed range is
/// read once, opened on all cores and written at its offset; then metadata, directories last. A
/// file any of whose blobs fails is reported and never silently wrong. In place only differing
/// parts are written. Problems go to the sink (exit 1 at the end). Throws Error for the target
/// itself.
RestoreResult run_restore(const BlobReader& reader, const RestoreRequest& request,
                          const RestoreSinks& sinks, Progress& progress,
                          const std::stop_token& stop);

}  // namespace medsave
