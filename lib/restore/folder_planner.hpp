#pragma once

#include "folder_plan.hpp"
#include "name_claims.hpp"
#include "restore_context.hpp"
#include "walk_notes.hpp"

#include "medsave/format/tree.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace medsave {

/// A folder of the target while its entries are planned and made, by one thread.
struct TargetFolder {
  SharedDir fd = nullptr;              // nullptr: not made yet, or (in a dry run) not there
  bool is_repository = false;          // before anything was restored
  bool is_another_repository = false;  // than the snapshot has here
  bool is_cache = false;               // of repositories, where something may be removed
  NameClaims claims = {};              // unless this run made the folder
};

/// Decides what becomes of the entries of one folder. It reads the folder's list, the index and the
/// target, and changes nothing there; a folder that only leads to what was chosen is asked for by
/// `enter` when the first such entry is met.
class FolderPlanner {
 public:
  using Enter = std::function<SharedDir()>;  // nullptr where it is not there in a dry run

  FolderPlanner(const RestoreContext& context, PlanNotes& notes, const FolderJob& job,
                TargetFolder& folder, Tree& tree, Enter enter);

  /// The next entries, at most some hundred; none at the end.
  FolderPlan next(const std::stop_token& stop);
  /// Names of what the snapshot does not have and the target shall not keep. When all entries have
  /// been made. Throws Error.
  std::vector<std::string> extras();
  /// Whether something of the snapshot was passed by because the folder is another repository.
  [[nodiscard]] bool kept_parts() const { return kept_parts_; }

 private:
  struct Selection {
    bool restore = false;
    bool descend = false;
  };

  void plan_one(EntryPlan& entry);
  void judge_name(const Node& node);
  [[nodiscard]] Selection select(const std::string& path, bool is_dir) const;
  [[nodiscard]] std::uint64_t remembered(const Node& node) const;
  std::optional<FileInfo> look(const Node& node);
  void plan_folder(EntryPlan& entry);
  void plan_entry(EntryPlan& entry);
  void plan_file(EntryPlan& entry, const std::optional<FileInfo>& present);
  [[nodiscard]] bool keeps_extras(std::size_t count);

  const RestoreContext& context_;
  PlanNotes& notes_;
  const FolderJob& job_;
  TargetFolder& folder_;
  Tree& tree_;
  Enter enter_;
  RestorePolicy policy_;
  bool sorted_;  // the nodes' names strictly increase, so none can occur twice
  std::unordered_set<std::string_view> names_ = {};  // met so far, unless sorted
  std::string path_;                                 // of the node in turn
  std::size_t next_ = 0;
  bool any_chosen_ = false;
  bool kept_parts_ = false;
};

}  // namespace medsave
