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

}  // namespace medsave
