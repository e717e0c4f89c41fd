#pragma once

#include "plan_visitor.hpp"
#include "restore_context.hpp"

namespace medsave {

/// For a dry run: tells of each entry as if it had been restored.
class PlanTeller : public PlanVisitor {
 public:
  explicit PlanTeller(const RestoreContext& context) : context_(context) {}
  void make_special(const FolderJob& job, TargetFolder& folder, EntryPlan& entry) override;
  void make_file(TargetFolder& folder, FilePlan& plan) override;
  void settle_file(FilePlan& plan) override;

 private:
  const RestoreContext& context_;
};

}  // namespace medsave
