#pragma once

#include "plan_visitor.hpp"
#include "restore_context.hpp"

#include <stop_token>
#include <string>

namespace medsave {

/// Makes at once what has no content, and corrects what needs none; leaves the rest of what is
/// planned to the later stages.
class PlanApplier : public PlanVisitor {
 public:
  explicit PlanApplier(const RestoreContext& context) : context_(context) {}
  void make_special(const FolderJob& job, TargetFolder& folder, EntryPlan& entry) override;
  void make_file(TargetFolder& folder, FilePlan& plan) override;
  void settle_file(FilePlan& plan) override;
  /// Makes the links and devices that a full folder is in the way of, as far as nothing failed.
  void replace_folders(const std::stop_token& stop);

 private:
  void claim_made(std::uint32_t dir, TargetFolder& folder, const std::string& name) const;
  void make_empty_file(TargetFolder& folder, FilePlan& plan);
  void cut_to_size(FilePlan& plan);
  void finish_kept(FilePlan& plan, const SharedDir& dir, RestoreAction outcome);

  const RestoreContext& context_;
};

}  // namespace medsave
