#include "folder_planner.hpp"

#include "file_content.hpp"
#include "target_entry.hpp"
#include "temporary_file.hpp"

#include "medsave/backend/file_layout.hpp"
#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/format/tree.hpp"
#include "medsave/par/task_scope.hpp"
#include "medsave/sys/file_info.hpp"
#include "medsave/sys/host.hpp"

#include <algorithm>
#include <functional>
#include <set>
#include <utility>

namespace medsave {
namespace {

constexpr std::uint32_t kPermissions = 07777;
constexpr std::size_t kMaxName = 4096;  // far above what any file system takes
constexpr std::size_t kPortion = 256;   // entries planned at once

bool can_be_restored(NodeType type) {
  return type != NodeType::socket && type != NodeType::irregular;
}

bool stays_as_it_is(EntryAction action) {
  return action == EntryAction::pass_by || action == EntryAction::keep ||
         action == EntryAction::refuse;
}

using NameSet = std::unordered_set<std::string_view>;

/// Takes out of `extras`, a part of `entries`, what the target lists under another name than the
/// snapshot does. False where that cannot be told for all of them.
bool spare_renamed(DirHandle dir, const Tree& tree, const std::vector<DirEntry>& entries,
                   std::vector<const DirEntry*>& extras) {
  NameSet listed;
  for (const DirEntry& entry : entries) listed.insert(entry.name);
  std::set<FileKey> keys;
  std::set<std::string> alike;
  std::set<std::string> taken;  // by names that the snapshot has and the target lists
  for (const Node& node : tree) {
    if (listed.contains(node.name)) {
      taken.insert(case_folded(node.name));
      continue;
    }
    if (!is_safe_name(node.name)) continue;
    const std::optional<FileInfo> there = lstat_at(dir, node.name);
    if (!there) continue;
    keys.insert(there->key());
    alike.insert(case_folded(node.name));
  }
  std::erase_if(alike, [&](const std::string& name) { return taken.contains(name); });
  if (keys.empty()) return true;
  const std::size_t spared = std::erase_if(extras, [&](const DirEntry* extra) {
    const std::optional<FileInfo> there = lstat_at(dir, *extra);
    return alike.contains(case_folded(extra->name)) || (there && keys.contains(there->key()));
  });
  return spared >= alike.size() || keeps_inode_numbers(dir);
}

/// What `backup --exclude-caches` saves of a cache.
bool is_cut_cache(const Tree& tree) {
  return tree.size() == 1 && tree.front().name == "CACHEDIR.TAG";
}

/// Whether another source lies below this folder of one. Nobody names that unless the first does
/// not go into the folder: it is on another drive, or left out.
bool has_source_below(const std::string& folder, const RestoreRequest& request) {
  return std::ranges::any_of(request.sources, [&](const std::string& source) {
    return source.size() > folder.size() + 1 && source.starts_with(folder + "/");
  });
}

}  // namespace

FolderPlanner::FolderPlanner(const RestoreContext& context, PlanNotes& notes, const FolderJob& job,
                             TargetFolder& folder, Tree& tree, Enter enter)
    : context_(context),
      notes_(notes),
      job_(job),
      folder_(folder),
      tree_(tree),
      enter_(std::move(enter)),
      policy_(restore_policy(context.request)),
      sorted_(std::ranges::adjacent_find(tree, std::ranges::greater_equal(), &Node::name) ==
              tree.end()),
      path_(job.path + "/") {
  for (const Node& node : tree) {
    if (is_like_unfinished(node.name)) context.target.reserve(job.dir, node.name);
  }
}

FolderPlan FolderPlanner::next(const std::stop_token& stop) {
  FolderPlan plan;
  for (; next_ < tree_.size() && plan.size() < kPortion; ++next_) {
    check_stop(stop);
    EntryPlan entry = {.node = &tree_[next_]};
    path_.resize(job_.path.size() + 1);
    path_ += entry.node->name;
    try {
      plan_one(entry);
    } catch (const Error& e) {
      entry.decision = {EntryAction::refuse, Reason::failed};
      entry.error = e;
    }
    if (entry.decision.action != EntryAction::pass_by) plan.push_back(std::move(entry));
  }
  return plan;
}

void FolderPlanner::judge_name(const Node& node) {
  if (!is_safe_name(node.name) || node.name.size() > kMaxName) {
    throw Error(Errc::corrupt, _("refused: such a name must not be restored"));
  }
  if (!sorted_ && !names_.insert(node.name).second) {
    throw Error(Errc::corrupt, _("refused: the folder lists this name twice"));
  }
}

FolderPlanner::Selection FolderPlanner::select(const std::string& path, bool is_dir) const {
  const RestoreRequest& request = context_.request;
  if (!request.includes.empty()) {
    const PathFilter::Verdict verdict = request.includes.check(path);
    return {.restore = verdict.matches,
            .descend = is_dir && (verdict.matches || verdict.child_may_match)};
  }
  const bool restore = context_.guard.selects(path);
  return {.restore = restore, .descend = is_dir && restore};
}

/// Estimate of the bytes that the plan keeps for this node until the end.
std::uint64_t FolderPlanner::remembered(const Node& node) const {
  if (node.type != NodeType::dir && context_.dry_run) return 0;
  std::uint64_t bytes = sizeof(PlannedFile) + node.name.size();
  bytes += node.content.size() * sizeof(BlobUse);
  for (const ExtendedAttribute& attribute : node.extended_attributes) {
    bytes += sizeof(attribute) + attribute.name.size() + attribute.value.size();
  }
  return bytes;
}

void FolderPlanner::plan_one(EntryPlan& entry) {
  const Node& node = *entry.node;
  judge_name(node);
  notes_.patterns.meet(path_);
  const Selection selection = select(path_, node.type == NodeType::dir);
  if (!selection.restore && !selection.descend) return;
  if (folder_.is_another_repository && is_repository_part(node.name)) {
    kept_parts_ = true;
    return;
  }
  notes_.memory.take(remembered(node));
  entry.chosen = selection.restore;
  any_chosen_ |= entry.chosen;
  entry.descend = selection.descend;
  if (node.type == NodeType::dir) {
    plan_folder(entry);
  } else {
    plan_entry(entry);
  }
  const bool refused = entry.decision.action == EntryAction::refuse;
  if (refused) entry.error = refusal(entry.decision.reason, node.name);
}

/// What has this name in the target.
std::optional<FileInfo> FolderPlanner::look(const Node& node) {
  if (!folder_.fd) folder_.fd = enter_();
  if (!folder_.fd || context_.target.is_fresh(job_.dir)) return std::nullopt;
  std::optional<FileInfo> present = lstat_at(folder_.fd->get(), node.name);
  const bool has_names = present && !present->is_dir() && present->links > 1;
  if (has_names && context_.request.delete_extra) context_.deferred.note_names(*present);
  return present;
}

void FolderPlanner::plan_folder(EntryPlan& entry) {
  const Node& node = *entry.node;
  if (!entry.chosen) {
    entry.decision = {EntryAction::enter, Reason::not_chosen};
    return;
  }
  const std::optional<FileInfo> present = look(node);
  if (present) entry.seen = seen_entry(*present);
  const bool in_the_way = present && !present->is_dir();
  if (present && !in_the_way) {
    folder_.claims.claim(folder_.fd->get(), node.name, present->key());
  }
  entry.decision =
      decide_folder({.mtime = node.mtime,
                     .chosen = true,
                     .leads_to_sources = in_the_way && leads_to_sources(path_, context_.request),
                     .is_source = in_the_way && is_source(path_, context_.request),
                     .opens_repository = in_the_way && context_.guard.opens_repository(
                                                           folder_.fd->get(), *present, node)},
                    present, policy_);
}

void FolderPlanner::plan_entry(EntryPlan& entry) {
  const Node& node = *entry.node;
  std::optional<FileInfo> present;
  if (can_be_restored(node.type)) present = look(node);
  if (present) {
    folder_.claims.claim(folder_.fd->get(), node.name, present->key());
    entry.seen = seen_entry(*present);
  }
  const bool opens_repository =
      present && context_.guard.opens_repository(folder_.fd->get(), *present, node);
  entry.decision = decide_entry(node, present, opens_repository, policy_);
  if (stays_as_it_is(entry.decision.action)) return;
  if (node.links > 1 &&
      !context_.deferred.claim_link(node, job_.dir, entry.seen, entry.link_source)) {
    entry.decision = {EntryAction::link, Reason::another_name};
  } else if (node.type == NodeType::file) {
    plan_file(entry, present);
    return;
  }
  entry.replaces_others = present && !is_root() && present->uid != user_id();
  entry.replaces_newer =
      present && present->is_regular() && !is_unfinished(*present) && present->mtime > node.mtime;
}

void FolderPlanner::plan_file(EntryPlan& entry, const std::optional<FileInfo>& present) {
  Node& node = *entry.node;
  FilePlan& plan = entry.file.emplace();
  PlannedFile& file = plan.file;
  file = {.name = node.name, .dir = job_.dir, .metadata = context_.metadata.prepare(node)};
  plan.pieces = locate_content(context_.reader.index(), node, file, entry.problems);
  plan.link_source = entry.link_source;
  if (file.damaged) entry.decision = decide_damaged(entry.decision, present);
  plan.decision = entry.decision;
  if (!present) return;
  file.existed = true;
  file.in_place = entry.decision.action == EntryAction::compare;
  file.replaces = !file.in_place;
  file.replaces_folder = entry.decision.reason == Reason::whole_folder;
  file.seen = seen_entry(*present);
  file.was_unfinished = is_unfinished(*present);
  plan.present_size = present->size;
  plan.can_be_marked = is_root() || present->uid == user_id();
  plan.has_other_names = present->links != 1;
  plan.same_metadata = present->mtime == node.mtime && present->uid == node.uid &&
                       present->gid == node.gid &&
                       (present->mode & kPermissions) == go_mode::to_unix_permissions(node.mode);
  plan.trusted = policy_.overwrite == Overwrite::if_changed && present->size == node.size &&
                 present->mtime == node.mtime && !file.was_unfinished;
}

/// Whether the `count` entries that are here besides the snapshot's must stay, and says so: the
/// folder is a repository or a cache of some, or has what a check of the file system rescued; it
/// only leads to what was saved; the backup left out its content as that of a cache; the target is
/// to become an empty folder; or something is mounted there that the backup did not go into, for
/// then the snapshot knows an empty folder.
bool FolderPlanner::keeps_extras(std::size_t count) {
  const std::string path = job_.path.empty() ? "/" : job_.path;
  const bool is_root = job_.dir == RestoreTarget::kRoot;
  if (folder_.is_repository) {
    context_.guard.tell_of_repository(path);
  } else if (is_lost_and_found(job_.path)) {
    context_.guard.tell_of_rescued(path);
  } else if (!job_.saved || has_source_below(job_.path, context_.request)) {
    notes_.extras_kept.fetch_add(count);
  } else if (tree_.empty() && (is_root || is_source(path, context_.request))) {
    context_.guard.tell_of_empty_source(path);
  } else if (folder_.is_cache || is_cut_cache(tree_)) {
    context_.guard.add_left_out(count);
  } else if (!is_root && (tree_.empty() || job_.was_in_place) &&
             is_mount_point(folder_.fd->get())) {
    context_.guard.tell_of_mount(path);
  } else if (!is_root && tree_.empty() && job_.was_mounted) {
    context_.guard.tell_of_unsaved_mount(path);
  } else {
    return false;
  }
  return true;
}

std::vector<std::string> FolderPlanner::extras() {
  if (!context_.request.delete_extra || !folder_.fd || job_.in_repository ||
      context_.target.is_fresh(job_.dir)) {
    return {};
  }
  // The target is always entered, a folder below it only for what is restored there.
  const bool is_root = job_.dir == RestoreTarget::kRoot;
  if (is_root && !context_.request.includes.empty() && !any_chosen_) return {};
  NameSet known;
  for (const Node& node : tree_) known.insert(node.name);
  const std::vector<DirEntry> entries = list_entries(folder_.fd->get());
  std::vector<const DirEntry*> extras;
  for (const DirEntry& entry : entries) {
    const bool selected = select(job_.path + "/" + entry.name, false).restore;
    if (selected && !known.contains(entry.name)) extras.push_back(&entry);
  }
  if (extras.empty() || keeps_extras(extras.size())) return {};
  if (!spare_renamed(folder_.fd->get(), tree_, entries, extras)) {
    notes_.extras_kept.fetch_add(extras.size());
    return {};
  }
  std::vector<std::string> names;
  names.reserve(extras.size());
  for (const DirEntry* extra : extras) names.push_back(extra->name);
  return names;
}

}  // namespace medsave
