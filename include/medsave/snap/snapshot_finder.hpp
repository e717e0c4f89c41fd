#pragma once

// snap: snapshots and what is in them. Begin here: loading snapshots, and finding the one that a
// command line means. tree_walker.hpp visits the entries of a snapshot; path_filter.hpp matches
// paths against patterns; retention.hpp decides which snapshots `forget` keeps.

#include "medsave/base/error.hpp"
#include "medsave/base/progress.hpp"
#include "medsave/format/node.hpp"
#include "medsave/format/snapshot.hpp"
#include "medsave/repo/blob_reader.hpp"
#include "medsave/repo/repository.hpp"

#include <functional>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

namespace medsave {

struct SnapshotEntry {
  Id id = {};
  Snapshot snapshot = {};
};

/// All snapshots, oldest first (ties by id); loaded in parallel. An unreadable one is reported to
/// `problem` and left out; without `problem` it throws.
std::vector<SnapshotEntry> load_snapshots(const Repository& repository, const std::stop_token& stop,
                                          const NoticeSink& problem = {});

/// The same, but `problem` is given the id and the error. `problem` is called from several threads,
/// one at a time.
std::vector<SnapshotEntry> load_readable_snapshots(
    const Repository& repository, const std::stop_token& stop,
    const std::function<void(const Id& id, const Error& error)>& problem);

/// Reads the file of a snapshot that was found damaged once more. Returns what is wrong, or nullopt
/// if it can be read now. Throws the Error when reading fails for a reason other than damage.
std::optional<std::string> why_damaged(const Repository& repository, const Id& id);

/// What to do about snapshot files that are damaged, as one line.
std::string advice_on_damaged_snapshots(const std::vector<Id>& ids);

/// `--host` (any of), `--tag` (any list; all tags inside one list), `--path` (all of); in UTF-8, as
/// snapshots hold them.
struct SnapshotFilter {
  std::vector<std::string> hosts = {};
  std::vector<std::vector<std::string>> tags = {};  // an empty list matches untagged snapshots
  std::vector<std::string> paths = {};              // absolute

  [[nodiscard]] bool empty() const { return hosts.empty() && tags.empty() && paths.empty(); }
  [[nodiscard]] bool matches(const Snapshot& snapshot) const;
};

/// `a,b` -> {a, b}; as one `--tag` value. Tags are as snapshots hold them, in UTF-8.
std::vector<std::string> parse_tag_list(const std::string& text);

/// What a command line says about one snapshot: "latest", "1f2e3d4c", "latest:/srv/data".
struct SnapshotSpec {
  std::string id = {};         // prefix or "latest"
  std::string subfolder = {};  // without the colon; empty for the root
};
SnapshotSpec parse_snapshot_spec(const std::string& text);

/// The one snapshot meant. "latest" is the newest that is not in the future; only where there is no
/// other, one that is. `notice` is called in either case. Throws Error(not_found) with the newest
/// candidates listed, and Error(usage) for an ambiguous prefix with those that fit.
const SnapshotEntry& find_snapshot(const std::vector<SnapshotEntry>& snapshots,
                                   const std::string& id, const SnapshotFilter& filter,
                                   const NoticeSink& notice = {},
                                   const Clock& clock = system_clock());

/// Which parts of a snapshot make up its group.
struct GroupBy {
  bool host = true;
  bool paths = true;
  bool tags = false;
};
/// "host,paths", "tags", "" ... Throws Error(usage).
GroupBy parse_group_by(const std::string& text);

struct SnapshotGroup {
  std::string hostname = {};
  std::vector<std::string> paths = {};
  std::vector<std::string> tags = {};
  std::vector<SnapshotEntry> snapshots = {};
};
/// Groups in order of their keys; snapshots stay in their order.
std::vector<SnapshotGroup> group_snapshots(std::vector<SnapshotEntry> snapshots,
                                           const GroupBy& group_by);

/// A folder in a snapshot.
struct SnapshotFolder {
  Id tree = {};                   // lists its content
  std::optional<Node> node = {};  // the folder itself; the root has none
};
/// The folder at `subfolder`; throws as find_subtree().
SnapshotFolder find_folder(const BlobReader& reader, const Id& root, const std::string& subfolder);
/// Id of the tree at `subfolder` ("a/b", "/a/b", "" = root) below `root`. Throws
/// Error(not_found) naming the first component that is missing or no folder.
Id find_subtree(const BlobReader& reader, const Id& root, const std::string& subfolder);

/// The order of snapshots: by time, and where --time has given several the same one, by when they
/// were made. Of those made at once, a snapshot that was saved counts as newer than one that was
/// derived from it, and among derived ones the one with more in it: the other one is the result of
/// a repair.
bool is_older(const SnapshotEntry& a, const SnapshotEntry& b);

}  // namespace medsave
