#pragma once

#include "parent_matcher.hpp"
#include "reporter.hpp"
#include "source_tree.hpp"
#include "tree_draft.hpp"
#include "work_queue.hpp"

#include <cstddef>
#include <span>
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
    const std::vector<ParentMatcher>& matchers;  // of the destinations, in their order
    FanOut& sink;                                // the destinations themselves
    TreeAssembler& assembler;
    Reporter& reporter;
    WorkQueue& queue;
    Timestamp stream_time = {};  // of what is in the snapshot alone
    bool with_atime = false;
  };
  explicit TreeWalk(const Parts& parts) : parts_(parts) {}

  void run(DirectoryTask task, const std::stop_token& stop);

 private:
  struct Folder;
  /// What the parent snapshots of the destinations have under one name; nullptr: nothing.
  using Previous = std::span<Node* const>;

  bool open(const DirectoryTask& task, Folder& folder);
  [[nodiscard]] bool is_mount_point(const DirectoryTask& task, const Folder& folder) const;
  /// What a folder has lost: nothing; everything, and it is empty; everything, and it has other
  /// entries.
  enum class Loss { none, of_all, for_others };
  [[nodiscard]] Loss find_loss(const DirectoryTask& task, const Folder& folder) const;
  [[nodiscard]] Loss find_loss(const DirectoryTask& task, const Folder& folder,
                               std::size_t destination) const;
  void tell_loss(const DirectoryTask& task, const Folder& folder) const;
  /// Tells of names that are withheld, and adds them to the entries.
  void add_withheld(const DirectoryTask& task, Folder& folder) const;
  /// Takes over what a parent snapshot has of it, if all repositories that take part have that.
  void keep_withheld(Folder& folder, const std::string& name, std::size_t slot, Previous previous);
  void load_previous(const DirectoryTask& task, Folder& folder);
  Tree load_previous(const Node& before, Folder& folder, std::size_t destination);
  Node folder_node(const SourceDir& dir, const SourceEntry& entry, FileInfo& seen);
  void place(Folder& folder, SourceEntry& entry, std::size_t slot, Previous previous);
  bool keep_unchanged(Folder& folder, const SourceEntry& entry, std::size_t slot,
                      Previous previous);
  [[nodiscard]] bool all_have_content(const Node& file) const;
  void add_file(Folder& folder, SourceEntry& entry, std::size_t slot, Previous previous);
  void add_stream(Folder& folder, const SourceEntry& entry, std::size_t slot, Previous previous);
  void place_special(Folder& folder, SourceEntry& entry, std::size_t slot);
  void read_attributes(const SourceDir& dir, const SourceEntry& entry, Node& node);

  const Parts parts_;
};

}  // namespace medsave
