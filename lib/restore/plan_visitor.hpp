#pragma once

#include "folder_plan.hpp"
#include "folder_planner.hpp"

namespace medsave {

/// Is shown what is planned for entries that are to change, and does it or only tells it. From any
/// thread; a folder from one. Throws Error for the entry.
class PlanVisitor {
 public:
  virtual ~PlanVisitor() = default;
  /// A link, device or fifo.
  virtual void make_special(const FolderJob& job, TargetFolder& folder, EntryPlan& entry) = 0;
  /// A file that is not compared.
  virtual void make_file(TargetFolder& folder, FilePlan& plan) = 0;
  /// A file that was compared, and the decision taken; the folder may be left by now.
  virtual void settle_file(FilePlan& plan) = 0;
};

}  // namespace medsave
