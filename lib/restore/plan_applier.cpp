#include "plan_applier.hpp"

#include "file_writer.hpp"
#include "target_entry.hpp"
#include "temporary_file.hpp"

#include "medsave/base/unix_mode.hpp"
#include "medsave/par/task_scope.hpp"
#include "medsave/sys/file_io.hpp"
#include "medsave/sys/metadata.hpp"

#include <optional>
#include <utility>

namespace medsave {
namespace {

constexpr std::uint32_t kPrivateFile = 0600;

void create_special(DirHandle dir, const std::string& name, const Node& node) {
  if (node.type == NodeType::symlink) {
    make_symlink_at(dir, name, node.link_target);
  } else if (node.type == NodeType::fifo) {
    make_node_at(dir, name, unix_mode::kFifo | kPrivateFile, 0);
  } else {
    make_node_at(dir, name, unix_type_bits(node.type) | kPrivateFile, node.device);
  }
}

}  // namespace

/// Claims the name of an entry that was just made, so that another name that the file system takes
/// for the same is refused.
void PlanApplier::claim_made(std::uint32_t dir, TargetFolder& folder,
                             const std::string& name) const {
  if (context_.target.is_fresh(dir)) return;
  const std::optional<FileInfo> made = lstat_at(folder.fd->get(), name);
  if (made) folder.claims.claim(folder.fd->get(), name, made->key());
}

void PlanApplier::make_special(const FolderJob& job, TargetFolder& folder, EntryPlan& entry) {
  Node& node = *entry.node;
  if (entry.decision.reason == Reason::whole_folder) {
    context_.deferred.add_replacement(
        {.dir = job.dir, .node = node, .seen = entry.seen, .link_source = entry.link_source});
    return;
  }
  const DirHandle here = folder.fd->get();
  const NewName name = context_.new_name(job.dir, node.name);
  make_complete(
      here, name, entry.seen, context_.clearing(job.dir),
      [&](const std::string& temporary) { create_special(here, temporary, node); },
      [&] { context_.dress(job.dir, folder.fd, name, context_.metadata.prepare(node)); });
  claim_made(job.dir, folder, node.name);
  context_.deferred.link_source_ready(entry.link_source);
  context_.finished(job.dir, node.name, entry.outcome(), 0);
}

void PlanApplier::replace_folders(const std::stop_token& stop) {
  for (FolderReplacement& replacement : context_.deferred.replacements) {
    check_stop(stop);
    try {
      TargetFolder folder = {.fd = context_.target.open(replacement.dir)};
      EntryPlan entry = {.node = &replacement.node,
                         .seen = replacement.seen,
                         .link_source = replacement.link_source};
      make_special({.dir = replacement.dir}, folder, entry);
    } catch (const Error& e) {
      context_.item_failed(replacement.dir, replacement.node.name, e);
    }
  }
}

void PlanApplier::make_file(TargetFolder& folder, FilePlan& plan) {
  if (plan.pieces.empty() && !plan.file.damaged && !plan.file.replaces_folder) {
    make_empty_file(folder, plan);
  } else {
    settle_file(plan);
  }
}

void PlanApplier::make_empty_file(TargetFolder& folder, FilePlan& plan) {
  PlannedFile& file = plan.file;
  const SharedDir fd = context_.target.open(file.dir);
  close_restored(create_planned(fd->get(), file, context_.clearing(file.dir)), file.name);
  claim_made(file.dir, folder, file.name);
  context_.deferred.link_source_ready(plan.link_source);
  context_.apply_metadata(file.dir, fd, file.name, file.metadata, true);
  context_.finished(file.dir, file.name, plan.outcome(), 0);
  if (!context_.request.verify) return;
  file.has_metadata = true;
  context_.deferred.add_file(std::move(file), {}, plan.link_source);
}

void PlanApplier::settle_file(FilePlan& plan) {
  switch (plan.decision.action) {
    case EntryAction::keep:
      finish_kept(plan, context_.target.open(plan.file.dir), RestoreAction::unchanged);
      break;
    case EntryAction::cut:
      cut_to_size(plan);
      break;
    default:
      context_.deferred.add_file(std::move(plan.file), plan.to_write(), plan.link_source);
  }
}

void PlanApplier::cut_to_size(FilePlan& plan) {
  PlannedFile& file = plan.file;
  const SharedDir dir = context_.target.open(file.dir);
  UniqueFd fd = open_in_place(dir->get(), file.name, file.seen.key);
  truncate_fd(fd.get(), file.size, file.name);
  file.seen.mtime = fstat_fd(fd.get()).mtime;
  close_restored(std::move(fd), file.name);
  finish_kept(plan, dir, RestoreAction::updated);
}

/// A file that an earlier restore left unfinished counts as written now, because its content may
/// not be durable.
void PlanApplier::finish_kept(FilePlan& plan, const SharedDir& dir, RestoreAction outcome) {
  PlannedFile file = plan.file;
  file.has_metadata = !file.was_unfinished;
  if (file.has_metadata) context_.apply_metadata(file.dir, dir, file.name, file.metadata, false);
  if (!file.has_metadata || context_.request.verify) {
    context_.deferred.add_file(std::move(file), {}, plan.link_source);
  }
  context_.deferred.link_source_ready(plan.link_source);
  context_.finished(plan.file.dir, plan.file.name, outcome, plan.file.size);
}

}  // namespace medsave
