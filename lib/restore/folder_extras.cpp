#include "folder_planner.hpp"

#include "medsave/base/text.hpp"
#include "medsave/sys/file_info.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace medsave {
namespace {

using NameSet = std::unordered_set<std::string_view>;

/// Takes out of `extras` what the target lists under another name than the snapshot does. False
/// where that cannot be told for all of them.
bool spare_renamed(DirHandle dir, const Tree& tree, const std::vector<std::string>& names,
                   std::vector<std::string>& extras) {
  const NameSet listed(names.begin(), names.end());
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
  const std::size_t spared = std::erase_if(extras, [&](const std::string& name) {
    const std::optional<FileInfo> there = lstat_at(dir, name);
    return alike.contains(case_folded(name)) || (there && keys.contains(there->key()));
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

/// Whether the `count` entries that are here besides the snapshot's must stay, and says so: the
/// folder is a repository; it only leads to what was saved; the backup left out its content as that
/// of a cache; the target is to become an empty folder; or something is mounted there that the
/// backup did not go into, for then the snapshot knows an empty folder.
bool FolderPlanner::keeps_extras(std::size_t count) {
  const std::string path = job_.path.empty() ? "/" : job_.path;
  const bool is_root = job_.dir == RestoreTarget::kRoot;
  if (folder_.is_repository) {
    context_.guard.tell_of_repository(path);
  } else if (!job_.saved || has_source_below(job_.path, context_.request)) {
    notes_.extras_kept.fetch_add(count);
  } else if (tree_.empty() && (is_root || is_source(path, context_.request))) {
    context_.guard.tell_of_empty_source(path);
  } else if (is_cut_cache(tree_)) {
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
  const std::vector<std::string> names = list_dir(folder_.fd->get());
  std::vector<std::string> extras;
  for (const std::string& name : names) {
    const bool selected = select(job_.path + "/" + name, false).restore;
    if (selected && !known.contains(name)) extras.push_back(name);
  }
  if (extras.empty() || keeps_extras(extras.size())) return {};
  if (!spare_renamed(folder_.fd->get(), tree_, names, extras)) {
    notes_.extras_kept.fetch_add(extras.size());
    return {};
  }
  return extras;
}

}  // namespace medsave
