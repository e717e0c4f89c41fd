#pragma once

#include "deferred_work.hpp"
#include "entry_decision.hpp"
#include "target_entry.hpp"

#include "medsave/base/error.hpp"
#include "medsave/format/node.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace medsave {

/// A folder of the snapshot whose entries are to be planned.
struct FolderJob {
  Id tree = {};
  std::uint32_t dir = 0;  // in the RestoreTarget
  unsigned depth = 0;
  std::string path = {};       // without a slash at the end; empty for the root
  bool saved = false;          // at or below one of the request's sources: known in full
  bool in_repository = false;  // below a folder that is one in the target, or a cache of some
  std::uint64_t device = 0;    // of the folder that was saved; 0: not recorded
  bool was_mounted = false;    // on another device than the folder around it
  bool was_in_place = false;   // on the same device
};

/// What becomes of a regular file. Needs nothing of the folder it was planned with.
struct FilePlan {
  Decision decision = {};
  PlannedFile file = {};
  std::vector<FilePiece> pieces = {};   // all that are known
  std::vector<FilePiece> missing = {};  // of these, after a comparison: not there yet
  std::optional<std::uint32_t> link_source = {};
  std::uint64_t present_size = 0;  // bytes; of the file PlannedFile::seen
  bool trusted = false;            // size and time agree, and that is asked to be enough
  bool can_be_marked = true;       // its mode can be changed, so that it can be left unfinished
  bool has_other_names = false;
  bool same_metadata = false;  // time, owner and permissions are the snapshot's

  [[nodiscard]] const std::vector<FilePiece>& to_write() const {
    return decision.action == EntryAction::correct ? missing : pieces;
  }
  [[nodiscard]] std::uint64_t bytes_to_write() const;
  /// Of the pieces, those that are right already.
  [[nodiscard]] std::uint64_t bytes_there() const;
  /// Whether the present file is newer than the snapshot's. Unfinished files do not count: their
  /// time is that of the interrupted restore.
  [[nodiscard]] bool is_newer() const {
    return file.existed && !file.was_unfinished && !file.seen.is_folder() &&
           file.seen.mtime > file.metadata.mtime;
  }
  /// The action to report when it is done.
  [[nodiscard]] RestoreAction outcome() const;
  void count_in(PlanTotals& totals) const;
};

/// What becomes of an entry of the snapshot.
struct EntryPlan {
  Decision decision = {};
  Node* node = nullptr;                // of the folder's list
  std::optional<SeenEntry> seen = {};  // what has its name in the target
  std::optional<std::uint32_t> link_source = {};
  std::optional<FilePlan> file = {};       // of a regular file that is made, replaced or compared
  bool chosen = false;                     // false: only something below it may be
  bool descend = false;                    // into a folder
  bool replaces_newer = false;             // a newer file goes for what is not planned as `file`
  bool replaces_others = false;            // so does what belongs to another user, who cannot be
                                           // made the owner again
  std::vector<std::string> problems = {};  // of its content, which is restored as far as possible
  std::optional<Error> error = {};         // why it is refused

  [[nodiscard]] RestoreAction outcome() const {
    return seen ? RestoreAction::updated : RestoreAction::restored;
  }
  /// A file that is to be compared is counted after that.
  void count_in(PlanTotals& totals) const;
};

/// Entries of one folder, in the order of its list.
///
/// What a restore does is planned and done folder by folder, and a large folder in portions: the
/// plan of some million entries at once would need gigabytes. What can only be done when all is
/// planned (contents pack by pack, further names of files, what is removed, metadata of folders)
/// is collected as DeferredWork, whose totals know the whole restore before the first content
/// is written.
using FolderPlan = std::vector<EntryPlan>;

}  // namespace medsave
