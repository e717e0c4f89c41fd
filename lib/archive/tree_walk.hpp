#pragma once

#include "parent_matcher.hpp"
#include "reporter.hpp"
#include "source_tree.hpp"
#include "tree_draft.hpp"
#include "work_queue.hpp"

#include <stop_token>
#include <string>
#include <vector>

namespace medsave {

/// Looks at folders: what is unchanged since the parent snapshot, or has no content, goes into the
/// draft at once; files to read and folders to look at go into the queue. Thread-safe.
class TreeWalk {
 public:
  struct Parts {
    const SourceTree& source;
    const ParentMatcher& matcher;
    TreeAssembler& assembler;
    Reporter& reporter;
    WorkQueue& queue;
    bool with_atime = false;
  };
  explicit TreeWalk(const Parts& parts) : parts_(parts) {}

  void run(DirectoryTask task, const std::stop_token& stop);

 private:
  struct Folder;

  bool open(const DirectoryTask& task, Folder& folder);
  [[nodiscard]] bool is_mount_point(const DirectoryTask& task, const Folder& folder) const;
  /// What was there before and is not now: all, or all and there are other things.
  enum class Loss { none, of_all, for_others };
  [[nodiscard]] Loss find_loss(const DirectoryTask& task, const Folder& folder,
                               const Tree& previous) const;
  void tell_loss(const DirectoryTask& task, const Folder& folder, const Tree& previous) const;
  Tree load_previous(const DirectoryTask& task, Folder& folder);
  Node folder_node(const SourceDir& dir, const SourceEntry& entry);
  void place(Folder& folder, SourceEntry& entry, std::size_t slot, Node* previous);
  bool keep_unchanged(Folder& folder, const SourceEntry& entry, std::size_t slot, Node& previous);
  void add_file(Folder& folder, SourceEntry& entry, std::size_t slot, Node* previous);
  void place_special(Folder& folder, SourceEntry& entry, std::size_t slot);
  void read_attributes(const SourceDir& dir, const SourceEntry& entry, Node& node);

  const Parts parts_;
};

}  // namespace medsave
