#pragma once

// check: the engine of `check`, which verifies a repository and changes nothing. Begin here. In
// lib/check, structure_check.hpp compares index and packs, tree_check.hpp walks the trees of all
// snapshots, pack_check.hpp reads packs.

#include "medsave/base/progress.hpp"
#include "medsave/check/read_data_selection.hpp"
#include "medsave/repo/repository.hpp"
#include "medsave/snap/snapshot_finder.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace medsave {

struct CheckRequest {
  ReadDataSelection read_data = {};
  std::string snapshot_id = {};  // empty: all that match the filter
  SnapshotFilter filter = {};
  bool list_unused = false;  // reports every blob that no snapshot needs, as an error
  std::function<void(std::uint64_t snapshots)> snapshots_checked = {};  // before data is read
};

enum class FindingKind {
  index_unreadable,
  snapshot_unreadable,
  key_unreadable,
  pack_missing,
  pack_size,
  pack_damaged,
  pack_unread,     // this user may not read it
  pack_unindexed,  // hint
  pack_duplicate,  // hint: in several index files
  pack_mixed,      // hint: trees and data in one pack
  tree_unreadable,
  tree_invalid,
  blob_missing,
  blob_unused
};

/// One piece of damage (or a hint). Names the file, the kind of damage, what to do.
struct Finding {
  FindingKind kind = FindingKind::pack_damaged;
  bool is_hint = false;
  Id id = {};                  // of the file or blob
  std::string message = {};    // one line, translated
  std::vector<Id> packs = {};  // all that a hint counts
};

/// Something a snapshot holds that cannot be restored.
struct AffectedPath {
  Id snapshot = {};
  std::string path = {};
  std::string reason = {};
};

/// Blobs that only take space.
struct SuperfluousBlobs {
  std::uint64_t count = 0;
  std::uint64_t size = 0;  // bytes stored

  void add(std::uint64_t bytes) {
    ++count;
    size += bytes;
  }
};

/// A lost repository can touch more paths than memory holds.
inline constexpr std::size_t kMaxAffected = 100'000;

struct CheckReport {
  std::uint64_t errors = 0;
  std::uint64_t unused_errors = 0;  // of these, blobs that no snapshot needs
  std::uint64_t hints = 0;
  std::uint64_t packs_read = 0;
  std::uint64_t bytes_read = 0;
  std::uint64_t snapshots = 0;             // that were checked
  std::uint64_t snapshots_listed = 0;      // that could be read, whatever was to be checked
  bool no_snapshots = false;               // in the whole repository, although it has data
  std::uint64_t unread_snapshots = 0;      // that could not be, for whatever reason
  std::vector<Id> damaged_snapshots = {};  // of these, for certain
  std::vector<Id> damaged_keys = {};       // likewise
  std::vector<Id> broken_packs = {};
  // Those of broken_packs that exist and are damaged.
  std::vector<Id> rotten_packs = {};
  std::vector<AffectedPath> affected = {};  // the first kMaxAffected
  std::uint64_t affected_total = 0;
  /// Entries of a type that this program does not know are among the affected paths. A newer one
  /// may have made them, so they need not be damage.
  bool unknown_types = false;
  bool lost_content = false;  // other things in the snapshots are damaged or missing
  /// Counted when all snapshots are checked and nothing they refer to is broken.
  SuperfluousBlobs unused = {};
  SuperfluousBlobs duplicates = {};  // further copies of what is needed
  /// This user may not read some of the files, which says nothing of what is in them. Then only
  /// what is damaged for certain is among the broken packs, and no repair is suggested.
  bool access_denied = false;
  bool suggest_repair_index = false;
  bool suggest_prune = false;
};

/// Structure first (indexes, packs' sizes, snapshots, trees), then the data asked for. Lists all
/// damage, not only the first, and which snapshots and paths it touches. Findings arrive while it
/// runs, one at a time. `stage` announces each stage in the user's language.
CheckReport run_check(const Repository& repository, const CheckRequest& request,
                      const std::function<void(const Finding&)>& finding,
                      const std::function<void(const std::string& stage)>& stage,
                      Progress& progress, const std::stop_token& stop);

}  // namespace medsave
