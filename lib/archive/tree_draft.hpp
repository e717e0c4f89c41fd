#pragma once

#include "fan_out.hpp"
#include "previous_nodes.hpp"
#include "reporter.hpp"

#include "medsave/format/tree.hpp"

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace medsave {

/// A folder whose entries are being collected. Every entry has a slot of its own, so they are
/// filled without a lock; one that fails stays empty and is left out.
class TreeDraft {
 public:
  /// The maker calls TreeAssembler::finish() once, and so does each one that expect() announced.
  explicit TreeDraft(std::size_t slots) : nodes_(slots) {}
  /// `count` slots will be decided by others. Before they know the draft.
  void expect(std::size_t count) { open_ += count; }

  /// For slots filled before other threads know the draft, or once by whoever then finishes it.
  [[nodiscard]] Node& slot(std::size_t index) { return nodes_[index]; }

  // Where the result goes; unset for the root.
  std::shared_ptr<TreeDraft> parent = {};
  std::size_t parent_slot = 0;
  Node node = {};                   // of the folder itself, still without subtree
  PreviousNodes previous = {};      // what the parent snapshots have in its place
  bool only_leads = false;          // to targets: left out when none of them is there
  DestinationSet stored_anew = {};  // where what the repository has of it cannot be relied on
  std::string snapshot_path = {};   // if the reporter wants items
  Reporter::Instant begun = {};

 private:
  friend class TreeAssembler;
  Tree nodes_;
  std::atomic<std::size_t> open_ = 1;
};
using TreeDraftPtr = std::shared_ptr<TreeDraft>;

/// Turns complete drafts into tree blobs, from the leaves to the root. Thread-safe: whoever
/// finishes a folder's last slot encodes and saves it, and goes on with the folder above.
class TreeAssembler {
 public:
  TreeAssembler(FanOut& sink, Reporter& reporter) : sink_(sink), reporter_(reporter) {}

  /// `count` of those the draft waits for are through.
  void finish(TreeDraftPtr draft, std::size_t count);

  /// A folder is taken over with all that is in it.
  void has_taken_over_folder() { only_folders_ = false; }

  /// The root tree; read after all threads are joined.
  [[nodiscard]] const std::optional<Id>& root() const { return root_; }
  [[nodiscard]] bool root_is_empty() const { return root_is_empty_; }
  /// Whether there is nothing but folders in it; likewise.
  [[nodiscard]] bool holds_only_folders() const { return only_folders_; }

 private:
  SavedBlob save(const TreeDraft& draft, StoredBytes& stored);

  FanOut& sink_;
  Reporter& reporter_;
  std::optional<Id> root_;
  bool root_is_empty_ = true;
  std::atomic<bool> only_folders_ = true;
};

}  // namespace medsave
