#pragma once

#include "folder_plan.hpp"
#include "folder_planner.hpp"
#include "plan_visitor.hpp"
#include "restore_context.hpp"
#include "walk_notes.hpp"

#include "medsave/base/bytes.hpp"
#include "medsave/format/tree.hpp"

#include <condition_variable>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <variant>
#include <vector>

namespace medsave {

/// First stage: goes through the folders of the snapshot, each once, on several threads; has
/// FolderPlanner plan what becomes of their entries, compares files that are there already with
/// their blobs, and shows the visitor what is decided.
class RestoreWalk {
 public:
  RestoreWalk(const RestoreContext& context, PlanVisitor& visitor)
      : context_(context), visitor_(visitor), notes_(context.request, context.dry_run) {}
  void run(const std::stop_token& stop);

 private:
  using Job = std::variant<FolderJob, FilePlan>;

  void work(const std::stop_token& stop);
  void add_job(Job job);
  std::optional<Job> next_job(const std::stop_token& stop);
  void job_done();

  void visit_folder(const FolderJob& job, const std::stop_token& stop);
  bool open_folder(const FolderJob& job, TargetFolder& folder, Tree& tree);
  void visit_entry(const FolderJob& job, TargetFolder& folder, EntryPlan& entry);
  void note_folder(const FolderJob& job, const TargetFolder& folder, const EntryPlan& entry);
  void visit_subfolder(const FolderJob& job, TargetFolder& folder, EntryPlan& entry);
  void make_subfolder(const FolderJob& job, TargetFolder& folder, const EntryPlan& entry,
                      std::uint32_t dir);
  void visit_file(TargetFolder& folder, EntryPlan& entry);
  void collect_extras(const FolderJob& job, FolderPlanner& planner);
  void compare(FilePlan& plan, Buffer& content, const std::stop_token& stop);
  void require_as_seen(const PlannedFile& file) const;
  void announce(const FilePlan& plan);

  const RestoreContext& context_;
  PlanVisitor& visitor_;
  PlanNotes notes_;

  std::mutex mutex_;  // guards the following
  std::condition_variable_any changed_;
  std::vector<FolderJob> folders_;  // last in, first out: depth first keeps the list short
  std::vector<FilePlan> compares_;  // preferred, because they carry their content lists
  unsigned busy_ = 0;
};

}  // namespace medsave
