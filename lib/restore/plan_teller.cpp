#include "plan_teller.hpp"

namespace medsave {

void PlanTeller::make_special(const FolderJob& job, TargetFolder& folder, EntryPlan& entry) {
  if (entry.seen && entry.seen->is_folder()) {
    foresee_clearing(folder.fd->get(), entry.node->name, context_.clearing(job.dir));
  }
  context_.deferred.link_source_ready(entry.link_source);
  context_.finished(job.dir, entry.node->name, entry.outcome(), 0);
}

void PlanTeller::make_file(TargetFolder& folder, FilePlan& plan) {
  const PlannedFile& file = plan.file;
  if (file.replaces && file.seen.is_folder()) {
    foresee_clearing(folder.fd->get(), file.name, context_.clearing(file.dir));
  }
  settle_file(plan);
}

void PlanTeller::settle_file(FilePlan& plan) {
  const PlannedFile& file = plan.file;
  context_.log.bytes_restored(plan.bytes_to_write());
  context_.deferred.link_source_ready(plan.link_source);
  context_.finished(file.dir, file.name, plan.outcome(), file.size);
}

}  // namespace medsave
