#include "restore_walk.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"

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

}  // namespace

bool RestoreWalk::is_source(const std::string& path) const {
  const std::vector<std::string>& sources = context_.request.sources;
  return std::ranges::find(sources, path) != sources.end();
}

/// Whether another source lies below this folder of one. Nobody names that unless the first does
/// not go into the folder: it is on another drive, or left out.
bool RestoreWalk::leads_to_source(const std::string& folder) const {
  return std::ranges::any_of(context_.request.sources, [&](const std::string& source) {
    return source.size() > folder.size() + 1 && source.starts_with(folder + "/");
  });
}

/// Whether the `count` entries that are here besides the snapshot's must stay, and says so: the
/// folder is a repository; it only leads to what was saved; the backup left out its content as that
/// of a cache; the target is to become an empty folder; or something is mounted there that the
/// backup did not go into, for then the snapshot knows an empty folder.
bool RestoreWalk::keeps_extras(const Visit& visit, const Tree& tree, std::size_t count) {
  const std::string path = visit.job.path.empty() ? "/" : visit.job.path;
  const bool is_root = visit.job.dir == RestoreTarget::kRoot;
  if (visit.is_repository) {
    context_.guard.tell_of_repository(path);
  } else if (!visit.job.saved || leads_to_source(visit.job.path)) {
    extras_kept_.fetch_add(count);
  } else if (tree.empty() && (is_root || is_source(path))) {
    context_.guard.tell_of_empty_source(path);
  } else if (is_cut_cache(tree)) {
    context_.guard.add_left_out(count);
  } else if (!is_root && (tree.empty() || visit.job.was_in_place) &&
             is_mount_point(visit.fd->get())) {
    context_.guard.tell_of_mount(path);
  } else if (!is_root && tree.empty() && visit.job.was_mounted) {
    context_.guard.tell_of_unsaved_mount(path);
  } else {
    return false;
  }
  return true;
}

void RestoreWalk::collect_extras(const Visit& visit, const Tree& tree) {
  if (!visit.fd || visit.job.in_repository || context_.target.is_fresh(visit.job.dir)) return;
  NameSet known;
  for (const Node& node : tree) known.insert(node.name);
  try {
    const std::vector<std::string> names = list_dir(visit.fd->get());
    std::vector<std::string> extras;
    for (const std::string& name : names) {
      const bool selected = select(visit.job.path + "/" + name, false).restore;
      if (selected && !known.contains(name)) extras.push_back(name);
    }
    if (extras.empty() || keeps_extras(visit, tree, extras.size())) return;
    if (!spare_renamed(visit.fd->get(), tree, names, extras)) {
      extras_kept_.fetch_add(extras.size());
      return;
    }
    for (std::string& name : extras) {
      context_.plan.add_extra({.dir = visit.job.dir, .name = std::move(name)});
    }
  } catch (const Error& e) {
    context_.item_failed(visit.job.dir, ".", e);
  }
}

void RestoreWalk::tell_of_kept_extras() const {
  const unsigned long kept = extras_kept_;
  if (kept == 0) return;
  context_.log.notice(format_text(
      n_("{} entry of the target was kept although the snapshot does not have it: it lies beside "
         "what was saved",
         "{} entries of the target were kept although the snapshot does not have them: they lie "
         "beside what was saved",
         kept),
      kept));
}

}  // namespace medsave
