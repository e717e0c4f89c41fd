#include "source_tree.hpp"

#include "source_path.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/base/unix_mode.hpp"
#include "medsave/snap/tree_walker.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

namespace medsave {
namespace {

/// Appends a component to a folder's path and takes it away again: one buffer for all entries.
class EntryPath {
 public:
  explicit EntryPath(const std::string& folder) : path_(folder) {
    if (!path_.ends_with('/')) path_ += '/';
    base_ = path_.size();
  }
  const std::string& with(const std::string& name) {
    path_.resize(base_);
    return path_ += name;
  }

 private:
  std::string path_;
  std::size_t base_ = 0;
};

/// `entry` is a path or a DirEntry.
template <typename Entry>
std::optional<FileInfo> examine(DirHandle dir, const Entry& entry, const TargetNode* target) {
  return target != nullptr && target->follow ? stat_at(dir, entry) : lstat_at(dir, entry);
}

/// Lists the folder again for names that it listed and that were not there. Those that it lists
/// still are a problem (a server whose share is gone does that); the others were deleted meanwhile.
template <typename Look, typename Missing>
void look_again(const SourceDir& dir, std::vector<std::string> missed,
                std::optional<Error>& cut_short, const Look& look_at, const Missing& missing) {
  std::vector<std::string> names = list_dir(dir.fd.get(), cut_short);
  std::ranges::sort(names);
  for (std::string& name : missed) {
    DirEntry entry = {.name = std::move(name)};
    if (std::ranges::binary_search(names, entry.name) && !look_at(entry)) missing(entry.name);
  }
}

/// Whether something that was named lies below.
bool leads_on(const TargetNode& target) {
  return std::ranges::any_of(target.children, [](const auto& entry) {
    return entry.second.named || leads_on(entry.second);
  });
}

/// What stands for lstat()'s answer of an entry that is in the snapshot alone.
std::optional<FileInfo> made_up_info(const TargetNode& target) {
  if (target.stream != nullptr) return FileInfo{.mode = unix_mode::kFile};
  if (target.leads_to_streams_only) return FileInfo{.mode = unix_mode::kDir};
  return std::nullopt;
}

/// What a folder lists, sorted by name. Throws Error for one that was deleted meanwhile.
std::vector<DirEntry> list_sorted(DirHandle dir, std::optional<Error>& cut_short) {
  std::vector<DirEntry> listed = list_entries(dir, cut_short);
  if (cut_short && cut_short->code() == Errc::not_found) throw Error(*cut_short);
  std::ranges::sort(listed, {}, &DirEntry::name);
  // Of a folder that is changing while it is listed.
  const auto repeated = std::ranges::unique(listed, {}, &DirEntry::name);
  listed.erase(repeated.begin(), repeated.end());
  return listed;
}

/// Adds what was named in a folder and is not `listed`: not every folder lists all it has.
void add_targets(std::vector<DirEntry>& listed, const TargetNode* target) {
  if (target == nullptr) return;
  std::vector<DirEntry> added;
  for (const auto& [name, child] : target->children) {
    const bool is_wanted = child.named || leads_on(child);
    if (is_wanted && !std::ranges::binary_search(listed, name, {}, &DirEntry::name)) {
      added.push_back({.name = name});
    }
  }
  std::ranges::move(added, std::back_inserter(listed));
  std::ranges::sort(listed, {}, &DirEntry::name);
}

}  // namespace

std::optional<std::string> pattern_excluding(const PathFilter& excludes, const std::string& path) {
  if (!excludes.check(path).matches) return std::nullopt;
  for (const auto& [pattern, filter] : excludes.singly()) {
    if (filter.check(path).matches) return pattern;
  }
  return std::nullopt;
}

SourceTree::SourceTree(const BackupTargets& targets, const SourceFilter& filter)
    : targets_(targets.root()),
      filter_(filter),
      tags_(filter),
      root_(std::make_shared<SourceDir>()) {
  for (const std::string& path : filter.own_paths) {
    try {
      if (const std::optional<FileInfo> info = stat_at(kCurrentDirectory, path)) {
        own_.push_back(info->key());
      }
    } catch (const Error&) {
      // The backup cannot read it either.
    }
  }
}

std::string SourceTree::path_of(const SourceDir& dir, const SourceEntry& entry) {
  if (!dir.fd) return absolute_path(entry.target->path);
  return EntryPath(dir.path).with(entry.name);
}

SourceDirPtr SourceTree::open(const SourceDir& parent, const SourceEntry& entry) const {
  if (parent.depth >= kMaxTreeDepth) {
    throw Error(Errc::unsupported,
                format_text(_("more than {} folders inside each other"), kMaxTreeDepth));
  }
  auto dir = std::make_shared<SourceDir>();
  dir->path = path_of(parent, entry);
  dir->snapshot_path = parent.snapshot_path + "/" + entry.name;
  dir->depth = parent.depth + 1;
  if (entry.only_targets) return dir;
  const bool follow = entry.target != nullptr && entry.target->follow;
  dir->fd = open_dir_at(parent.handle(), entry.source_name(parent), follow);
  dir->device = entry.info.device;
  dir->allowed_device = device_to_stay_on(parent, entry);
  return dir;
}

/// The device that --one-file-system allows below this folder: that of its source.
std::uint64_t SourceTree::device_to_stay_on(const SourceDir& parent, const SourceEntry& entry) {
  if (entry.target != nullptr && entry.target->named) return entry.info.device;
  if (entry.target != nullptr && entry.target->listed_device) return *entry.target->listed_device;
  return parent.fd ? parent.allowed_device : entry.info.device;
}

bool SourceTree::is_too_large(const FileInfo& info) const {
  return filter_.exclude_larger_than && info.is_regular() &&
         info.size > *filter_.exclude_larger_than;
}

bool SourceTree::rejects(const SourceDir& dir, const FileInfo& info) const {
  if (is_too_large(info)) return true;
  // The folder's device counts, not the entry's: so a mount point is kept as an empty folder, and
  // files of an overlay, which have the device of its layers, are not left out.
  return filter_.one_file_system && dir.device != dir.allowed_device;
}

std::vector<SourceEntry> SourceTree::target_entries(const TargetNode& node,
                                                    const Problem& problem) const {
  std::vector<SourceEntry> entries;
  for (const auto& [name, child] : node.children) {
    SourceEntry entry{.name = name, .target = &child};
    if (const std::optional<FileInfo> info = made_up_info(child)) {
      entry.info = *info;
      entry.only_targets = child.leads_to_streams_only;
      entries.push_back(std::move(entry));
      continue;
    }
    try {
      std::optional<FileInfo> info;
      if (child.wanted) info = examine(kCurrentDirectory, child.path, &child);
      // A symlink that other targets lead through has to be the folder it points to.
      entry.only_targets = !child.wanted || (!child.children.empty() && info && !info->is_dir());
      if (entry.only_targets) info = stat_at(kCurrentDirectory, child.path);
      if (!info) throw Error(Errc::not_found, _("it no longer exists"));
      if (entry.only_targets && !info->is_dir()) throw Error(Errc::io, _("it is no folder"));
      entry.info = *info;
    } catch (const Error& error) {
      problem(absolute_path(child.path), error.what());
      continue;
    }
    const bool excluded =
        child.wanted && !child.named &&
        (is_too_large(entry.info) || filter_.excludes.check(absolute_path(child.path)).matches);
    if (excluded && child.children.empty()) continue;
    entry.only_targets = entry.only_targets || excluded;
    entries.push_back(std::move(entry));
  }
  return entries;
}

SourceList SourceTree::listed_entries(const SourceDir& dir, const TargetNode* target,
                                      const Problem& problem) const {
  SourceList list;
  std::vector<DirEntry> listed = list_sorted(dir.fd.get(), list.cut_short);
  const std::vector<std::string> tags = tags_.in(dir.fd.get(), listed);
  add_targets(listed, target);
  const bool by_pattern = !filter_.excludes.empty();
  EntryPath path(dir.path);
  list.entries.reserve(listed.size());
  // Adds the entry unless it is left out; false when there is nothing of that name.
  const auto look_at = [&](DirEntry& found) {
    std::string& name = found.name;
    SourceEntry entry{.target = target == nullptr ? nullptr : target->child(name)};
    const bool named = entry.target != nullptr && entry.target->named;
    bool rejected = !named && (ExclusionTags::exclude(tags, name) ||
                               (by_pattern && filter_.excludes.check(path.with(name)).matches));
    if (rejected && entry.target == nullptr) return true;
    try {
      std::optional<FileInfo> info = examine(dir.fd.get(), found, entry.target);
      if (info && !info->is_dir() && entry.target != nullptr && leads_on(*entry.target)) {
        // A symlink that other targets lead through has to be the folder it points to.
        info = stat_at(dir.fd.get(), found);
        if (info && !info->is_dir()) throw Error(Errc::io, _("it is no folder"));
        rejected = true;
      }
      if (!info) return false;
      entry.info = *info;
    } catch (const Error& error) {
      problem(path.with(name), error.what());
      return true;
    }
    rejected = rejected || (!named && rejects(dir, entry.info));
    if (rejected && (entry.target == nullptr || !entry.info.is_dir())) return true;
    entry.only_targets = rejected;
    entry.name = std::move(name);
    list.entries.push_back(std::move(entry));
    return true;
  };
  std::vector<std::string> missed;
  for (DirEntry& found : listed) {
    if (!look_at(found)) missed.push_back(std::move(found.name));
  }
  if (!missed.empty()) {
    look_again(dir, std::move(missed), list.cut_short, look_at, [&](const std::string& name) {
      problem(path.with(name), _("its folder lists it, but it cannot be found there"));
    });
    std::ranges::sort(list.entries, {}, &SourceEntry::name);
  }
  return list;
}

SourceList SourceTree::entries(const SourceDir& dir, const SourceEntry* self,
                               const Problem& problem) const {
  const TargetNode* target = self == nullptr ? &targets_ : self->target;
  SourceList list;
  if (dir.fd) {
    list = listed_entries(dir, target, problem);
  } else {
    list.entries = target_entries(*target, problem);
  }
  std::erase_if(list.entries, [this](const SourceEntry& entry) {
    return std::ranges::find(own_, entry.info.key()) != own_.end();
  });
  return list;
}

std::optional<std::string> SourceTree::tag_in(const SourceDir& dir) const {
  if (!dir.fd) return std::nullopt;
  return tags_.excluding(dir.fd.get());
}

}  // namespace medsave
