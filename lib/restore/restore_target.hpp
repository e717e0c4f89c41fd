#pragma once

#include "name_claims.hpp"
#include "node_metadata.hpp"
#include "open_cache.hpp"

#include "medsave/base/id.hpp"
#include "medsave/restore/restorer.hpp"
#include "medsave/sys/file_info.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>

namespace medsave {

/// The directories below the target, by number; 0 is the target itself and a parent's number is
/// always smaller than its children's. Descriptors are opened component by component from the
/// target, never through a symlink, and checked to be the directory seen first, so neither a
/// swapped symlink nor a moved folder leads elsewhere; a bounded number stays open.
/// Thread-safe.
class RestoreTarget {
 public:
  static constexpr std::uint32_t kRoot = 0;

  /// Opens the target, or makes it. In a dry run it may stay missing.
  RestoreTarget(const RestoreRequest& request, bool dry_run);

  /// Registers a directory without touching the disk. `tree` lists its content; `chosen`: it is to
  /// be restored itself, not only on the way to what is.
  std::uint32_t add(std::uint32_t parent, const std::string& name, NodeMetadata metadata,
                    const Id& tree, bool chosen);

  /// Makes the directory (0700) and its parents, or takes over those that are there. Descriptor
  /// of it; nullptr in a dry run where it does not exist. Throws Error when it cannot be made.
  SharedDir ensure(std::uint32_t dir);
  /// Descriptor of a directory that ensure() has seen.
  SharedDir open(std::uint32_t dir);

  /// Throws Error(io) where the path does not lead any more to a directory that ensure() has seen:
  /// it was moved, or something was mounted over it.
  void require_in_place(std::uint32_t dir);

  /// The snapshot has an entry of this name in the folder, so it is no temporary name there.
  void reserve(std::uint32_t dir, const std::string& name);
  /// As unfinished_name().
  [[nodiscard]] std::string temporary_name(std::uint32_t dir, const std::string& name) const;

  /// Makes what was written below the target durable, on every file system that was touched.
  /// Throws Error when the system reports that a write failed since the target was opened.
  void sync();

  /// Whether the target gets the metadata of the folder that is restored as it: nothing is left
  /// out, and it was made by this run, had nothing in it, or was begun by one that did not end.
  [[nodiscard]] bool becomes_folder() const { return becomes_folder_; }
  /// Whether this run made it, so that nothing can be in the way inside.
  [[nodiscard]] bool is_fresh(std::uint32_t dir) const;
  /// Whether ensure() found it there.
  [[nodiscard]] bool existed(std::uint32_t dir) const;
  /// Of a directory that ensure() has seen.
  [[nodiscard]] FileKey key(std::uint32_t dir) const;
  /// Whether entries made inside start with attributes (a default ACL).
  [[nodiscard]] bool bequeaths_xattrs(std::uint32_t dir) const;
  /// Whether ensure() succeeded.
  [[nodiscard]] bool is_ready(std::uint32_t dir) const;
  /// Whether it is part of what is restored, and not a folder that was there already and only leads
  /// to that. Of one that is_ready().
  [[nodiscard]] bool is_restored(std::uint32_t dir) const;
  /// The mode that the folder had, if it was changed so that entries can be made in it.
  [[nodiscard]] std::optional<std::uint32_t> mode_before(std::uint32_t dir) const;
  [[nodiscard]] std::uint32_t count() const;

  [[nodiscard]] std::uint32_t parent(std::uint32_t dir) const;
  [[nodiscard]] std::string name(std::uint32_t dir) const;
  [[nodiscard]] const NodeMetadata& metadata(std::uint32_t dir) const;
  [[nodiscard]] Id tree(std::uint32_t dir) const;
  void set_root_tree(const Id& tree);

  /// "/srv/data" as in the snapshot; of an entry inside with `name`.
  [[nodiscard]] std::string path(std::uint32_t dir) const;
  [[nodiscard]] std::string path(std::uint32_t dir, const std::string& name) const;

 private:
  enum class State : std::uint8_t { untouched, missing, existing, made, failed };

  struct Dir {
    std::uint32_t parent = 0;
    State state = State::untouched;
    bool bequeaths_xattrs = false;
    bool chosen = false;
    std::string name = {};
    NodeMetadata metadata = {};
    Id tree = {};
    FileKey key = {};
    std::optional<std::uint32_t> mode_before = {};
  };

  SharedDir ensure_locked(std::uint32_t dir);
  SharedDir open_locked(std::uint32_t dir);
  SharedDir make(std::uint32_t dir, const SharedDir& parent);
  [[nodiscard]] std::string path_locked(std::uint32_t dir) const;
  void require_marks(DirHandle folder) const;
  SharedDir adopt(std::uint32_t dir, UniqueDir opened, State state);
  void open_root();
  void try_to_open_root();

  const RestoreRequest& request_;
  const bool dry_run_;
  // Guards dirs_ (elements' state too) and open_; held while directories are made and opened, so
  // that each is made once.
  mutable std::mutex mutex_;
  std::deque<Dir> dirs_;  // references stay valid while it grows
  OpenCache<UniqueDir> open_;
  std::map<std::uint32_t, std::set<std::string>> reserved_;
  std::map<std::uint32_t, NameClaims> claims_;  // of the folders in folders that were there before
  // A folder of each file system. Open from the first to the end: a failed write is told to those
  // who had something open when it failed.
  std::map<std::uint64_t, SharedDir> file_systems_;
  bool becomes_folder_ = false;
};

/// What to tell of a target that cannot be used: nothing was restored, and what to do.
Error unusable_target(const Error& why);

}  // namespace medsave
