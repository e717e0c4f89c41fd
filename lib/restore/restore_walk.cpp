#include "restore_walk.hpp"

#include "file_content.hpp"
#include "target_entry.hpp"

#include "medsave/backend/cache_directories.hpp"
#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/par/task_scope.hpp"
#include "medsave/snap/tree_walker.hpp"
#include "medsave/sys/host.hpp"

#include <algorithm>
#include <utility>

namespace medsave {
namespace {

std::string path_of(const FolderJob& job, const std::string& name) { return job.path + "/" + name; }
/// As messages name the folder.
std::string path_of(const FolderJob& job) { return job.path.empty() ? "/" : job.path; }

}  // namespace

void RestoreWalk::run(const std::stop_token& stop) {
  const Id& tree = context_.request.tree;
  context_.target.set_root_tree(tree);
  folders_.push_back(
      {.tree = tree, .dir = RestoreTarget::kRoot, .saved = is_source("/", context_.request)});
  TaskScope scope(stop);
  scope.spawn("walk",
              std::max(worker_count(), context_.reader.repository().backend().connections()),
              [this](const std::stop_token& token) { work(token); });
  scope.join();
  notes_.report(context_.log);
}

void RestoreWalk::work(const std::stop_token& stop) {
  Buffer content;
  while (std::optional<Job> job = next_job(stop)) {
    if (auto* folder = std::get_if<FolderJob>(&*job)) {
      visit_folder(*folder, stop);
    } else {
      compare(std::get<FilePlan>(*job), content, stop);
    }
    job_done();
  }
}

void RestoreWalk::add_job(Job job) {
  {
    const std::lock_guard lock(mutex_);
    if (auto* folder = std::get_if<FolderJob>(&job)) {
      folders_.push_back(std::move(*folder));
    } else {
      compares_.push_back(std::move(std::get<FilePlan>(job)));
    }
  }
  changed_.notify_one();
}

std::optional<RestoreWalk::Job> RestoreWalk::next_job(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, stop, [&] { return !folders_.empty() || !compares_.empty() || busy_ == 0; });
  if (stop.stop_requested()) return std::nullopt;
  std::optional<Job> job;
  if (!compares_.empty()) {
    job = std::move(compares_.back());
    compares_.pop_back();
  } else if (!folders_.empty()) {
    job = std::move(folders_.back());
    folders_.pop_back();
  } else {
    return std::nullopt;  // no other thread is busy, so none will be added
  }
  ++busy_;
  return job;
}

void RestoreWalk::job_done() {
  {
    const std::lock_guard lock(mutex_);
    --busy_;
  }
  changed_.notify_all();
}

/// False when the folder cannot be gone into, and that has been told.
bool RestoreWalk::open_folder(const FolderJob& job, TargetFolder& folder, Tree& tree) {
  try {
    if (job.depth > kMaxTreeDepth) {
      throw Error(Errc::corrupt,
                  format_text(_("folders are nested deeper than {} levels"), kMaxTreeDepth));
    }
    if (job.dir == RestoreTarget::kRoot || context_.target.is_ready(job.dir)) {
      folder.fd = context_.target.open(job.dir);
    }
    if (folder.fd && !context_.target.is_fresh(job.dir)) {
      folder.is_repository = holds_repository(folder.fd->get());
      folder.is_cache = context_.request.delete_extra && is_cache(folder.fd->get());
    }
    tree = load_tree(context_.reader, job.tree);
    folder.is_another_repository =
        folder.is_repository && !may_be_repository_in(folder.fd->get(), tree, [this](const Id& id) {
          return load_tree(context_.reader, id);
        });
    return true;
  } catch (const Error& e) {
    if (is_fatal(e)) throw;
    context_.log.item_failed(path_of(job), e);
    return false;
  }
}

void RestoreWalk::visit_folder(const FolderJob& job, const std::stop_token& stop) {
  notes_.memory.check();
  Tree tree;
  TargetFolder folder;
  if (!open_folder(job, folder, tree)) return;
  FolderPlanner planner(context_, notes_, job, folder, tree,
                        [&] { return context_.target.ensure(job.dir); });
  PlanTotals totals;
  for (FolderPlan plan = planner.next(stop); !plan.empty(); plan = planner.next(stop)) {
    for (EntryPlan& entry : plan) {
      check_stop(stop);
      entry.count_in(totals);
      visit_entry(job, folder, entry);
    }
  }
  context_.deferred.add_totals(totals);
  if (planner.kept_parts()) {
    context_.log.item_failed(
        path_of(job),
        Error(Errc::exists, _("in the target this folder holds a backup repository that is not the "
                              "snapshot's; it was left as it is. To have what the snapshot holds "
                              "here, restore to an empty folder.")));
  }
  collect_extras(job, planner);
}

void RestoreWalk::visit_entry(const FolderJob& job, TargetFolder& folder, EntryPlan& entry) {
  const Node& node = *entry.node;
  for (const std::string& problem : entry.problems) {
    context_.log.problem(path_of(job, node.name), problem, RestoreFault::repository);
  }
  if (entry.decision.action == EntryAction::refuse) {
    context_.log.refused();
    context_.log.item_failed(path_of(job, node.name), *entry.error);
    return;
  }
  try {
    if (entry.decision.action == EntryAction::keep) {
      context_.finished(job.dir, node.name, RestoreAction::skipped,
                        node.type == NodeType::file ? node.size : 0);
    } else if (node.type == NodeType::dir) {
      visit_subfolder(job, folder, entry);
    } else if (entry.file) {
      note_folder(job, folder, entry);
      visit_file(folder, entry);
    } else {
      note_folder(job, folder, entry);
      if (context_.request.tell_of_newer && entry.replaces_newer) {
        notes_.newer.add(path_of(job, node.name), entry.seen->mtime);
      }
      if (entry.replaces_others) notes_.others.add(path_of(job, node.name));
      context_.log.planned(1, 0);
      if (entry.decision.action != EntryAction::link) visitor_.make_special(job, folder, entry);
    }
  } catch (const Error& e) {
    if (node.type == NodeType::dir) context_.log.refused();  // files are planned first
    context_.log.item_failed(path_of(job, node.name), e);
  }
}

/// Notes a full folder that will be removed with its content, for the notice.
void RestoreWalk::note_folder(const FolderJob& job, const TargetFolder& folder,
                              const EntryPlan& entry) {
  if (!entry.seen || !entry.seen->is_folder()) return;
  if (!restore_policy(context_.request).clears_folders) return;
  const std::string& name = entry.node->name;
  if (list_dir(open_dir_at(folder.fd->get(), name).get()).empty()) return;
  notes_.newer.add_folder(path_of(job, name));
}

void RestoreWalk::visit_subfolder(const FolderJob& job, TargetFolder& folder, EntryPlan& entry) {
  Node& node = *entry.node;
  // A file does not go for a folder of which nothing can be restored.
  if (entry.decision.action == EntryAction::replace) {
    load_tree(context_.reader, node.subtree.value_or(Id{}));
  }
  const std::uint32_t dir = context_.target.add(job.dir, node.name, context_.metadata.prepare(node),
                                                node.subtree.value_or(Id{}), entry.chosen);
  if (entry.chosen) make_subfolder(job, folder, entry, dir);
  if (!entry.descend) return;
  if (!node.subtree) throw Error(Errc::corrupt, _("the folder has no list of its content"));
  std::string path = path_of(job, node.name);
  const bool saved = job.saved || is_source(path, context_.request);
  const bool on_known_devices = node.device_id != 0 && job.device != 0;
  add_job(FolderJob{.tree = *node.subtree,
                    .dir = dir,
                    .depth = job.depth + 1,
                    .path = std::move(path),
                    .saved = saved,
                    .in_repository = job.in_repository || folder.is_repository || folder.is_cache,
                    .device = node.device_id,
                    .was_mounted = on_known_devices && node.device_id != job.device,
                    .was_in_place = on_known_devices && node.device_id == job.device});
}

void RestoreWalk::make_subfolder(const FolderJob& job, TargetFolder& folder, const EntryPlan& entry,
                                 std::uint32_t dir) {
  const std::string& name = entry.node->name;
  const bool exists = context_.target.ensure(dir) != nullptr;
  if (entry.decision.action == EntryAction::replace) {  // it is done, or would be
    const std::string path = path_of(job, name);
    notes_.newer.add_replaced(path);
    context_.log.deleted(path, 1);
  }
  if (exists && !context_.target.is_fresh(job.dir)) {
    folder.claims.claim(folder.fd->get(), name, context_.target.key(dir));
  }
}

void RestoreWalk::visit_file(TargetFolder& folder, EntryPlan& entry) {
  if (entry.decision.action == EntryAction::compare) {
    add_job(std::move(*entry.file));
    return;
  }
  announce(*entry.file);
  visitor_.make_file(folder, *entry.file);
}

void RestoreWalk::compare(FilePlan& plan, Buffer& content, const std::stop_token& stop) {
  PlannedFile& file = plan.file;
  try {
    if (!plan.trusted) {
      plan.missing = missing_pieces(context_.target.open(file.dir)->get(), file, plan.pieces,
                                    plan.present_size, content, stop);
    }
  } catch (const Error&) {
    plan.missing = plan.pieces;  // a file that cannot be read is written whole
  }
  plan.decision = decide_compared({.complete = plan.missing.empty() && !file.damaged,
                                   .same_size = plan.present_size == file.size,
                                   .same_metadata = plan.same_metadata,
                                   .has_other_names = plan.has_other_names,
                                   .can_be_marked = plan.can_be_marked},
                                  restore_policy(context_.request));
  file.replaces = plan.decision.action == EntryAction::replace;
  file.in_place = !file.replaces;
  PlanTotals totals;
  plan.count_in(totals);
  context_.deferred.add_totals(totals);
  try {
    if (!plan.trusted) require_as_seen(file);
    announce(plan);
    visitor_.settle_file(plan);
  } catch (const Error& e) {
    context_.item_failed(file.dir, file.name, e);
  }
}

/// Throws when somebody changed the file while it was compared: it would get the snapshot's times.
void RestoreWalk::require_as_seen(const PlannedFile& file) const {
  const SharedDir dir = context_.target.open(file.dir);
  const std::optional<FileInfo> there = lstat_at(dir->get(), file.name);
  if (there && is_same_entry(dir->get(), file.seen.key, there->key()) &&
      there->mtime == file.seen.mtime) {
    return;
  }
  context_.log.refused();
  throw Error(Errc::io, format_text(_("{} was changed while restoring"), file.name));
}

void RestoreWalk::announce(const FilePlan& plan) {
  const PlannedFile& file = plan.file;
  if (plan.decision.action == EntryAction::keep) return;
  if (context_.request.tell_of_newer && plan.is_newer()) {
    notes_.newer.add(context_.target.path(file.dir, file.name), file.seen.mtime);
  }
  // A file that cannot be marked belongs to somebody else.
  if (plan.decision.action == EntryAction::replace && !plan.can_be_marked) {
    notes_.others.add(context_.target.path(file.dir, file.name));
  }
  context_.log.planned(1, plan.bytes_to_write());
  context_.log.bytes_skipped(plan.bytes_there());
}

void RestoreWalk::collect_extras(const FolderJob& job, FolderPlanner& planner) {
  try {
    for (std::string& name : planner.extras()) {
      context_.deferred.add_extra({.dir = job.dir, .name = std::move(name)});
    }
  } catch (const Error& e) {
    context_.item_failed(job.dir, ".", e);
  }
}

}  // namespace medsave
