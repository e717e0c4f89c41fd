#include "folder_plan.hpp"

#include "file_content.hpp"

namespace medsave {

std::uint64_t FilePlan::bytes_to_write() const {
  switch (decision.action) {
    case EntryAction::make:
    case EntryAction::replace:
      return file.size;
    case EntryAction::correct:
      return total_length(missing);
    default:
      return 0;
  }
}

std::uint64_t FilePlan::bytes_there() const {
  const bool is_kept =
      decision.action == EntryAction::correct || decision.action == EntryAction::cut;
  return is_kept ? total_length(pieces) - total_length(missing) : 0;
}

RestoreAction FilePlan::outcome() const {
  if (decision.action == EntryAction::keep) return RestoreAction::unchanged;
  return file.existed ? RestoreAction::updated : RestoreAction::restored;
}

void FilePlan::count_in(PlanTotals& totals) const {
  const bool is_kept = decision.action == EntryAction::keep;
  totals.count(decision.action, is_kept ? file.size : bytes_to_write());
  if (is_kept) return;
  if (is_newer()) ++totals.newer;
  // What is replaced may share its blocks with other names, and need not make room.
  if (!file.in_place) {
    totals.growth += file.size;
  } else if (file.size > present_size) {
    totals.growth += file.size - present_size;
  }
}

void EntryPlan::count_in(PlanTotals& totals) const {
  if (decision.action == EntryAction::compare) return;
  if (file && decision.action != EntryAction::refuse) {
    file->count_in(totals);
  } else {
    const bool is_kept_file = decision.action == EntryAction::keep && node->type == NodeType::file;
    totals.count(decision.action, is_kept_file ? node->size : 0);
    if (replaces_newer) ++totals.newer;
  }
}

}  // namespace medsave
