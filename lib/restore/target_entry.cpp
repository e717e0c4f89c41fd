#include "target_entry.hpp"

#include "medsave/base/text.hpp"
#include "medsave/snap/path_filter.hpp"
#include "medsave/sys/remove_tree.hpp"

#include <algorithm>

namespace medsave {

SeenEntry seen_entry(const FileInfo& info) {
  return {.key = info.key(), .mtime = info.mtime, .type = info.mode & unix_mode::kTypeBits};
}

bool is_unfinished(const FileInfo& file) {
  return file.is_regular() && (file.mode & unix_mode::kPermissions) == kUnfinished;
}

std::vector<std::string> names_in(DirHandle dir) { return list_dir(open_dir_at(dir, ".").get()); }

bool lists_all(DirHandle dir, std::initializer_list<std::string> names) {
  const std::vector<std::string> listed = names_in(dir);
  return std::ranges::all_of(names, [&](const std::string& name) {
    return std::ranges::find(listed, name) != listed.end();
  });
}

void throw_not_told_apart(const std::string& first, const std::string& second) {
  throw Error(Errc::exists,
              format_text(_("not restored: the target cannot tell {} and {} apart; restore to a "
                            "file system that can"),
                          first, second));
}

void throw_unexpected(DirHandle dir, const std::string& name, const Error& error) {
  const std::optional<FileInfo> there = lstat_at(dir, name);
  if (there && !lists_all(dir, {name})) {
    for (const std::string& other : names_in(dir)) {
      const std::optional<FileInfo> info = lstat_at(dir, other);
      if (info && info->key() == there->key()) throw_not_told_apart(other, name);
    }
    for (const std::string& other : names_in(dir)) {
      if (case_folded(other) == case_folded(name)) throw_not_told_apart(other, name);
    }
  }
  throw Error(error);
}

void refuse_to_remove(const std::set<FileKey>& kept, const FileKey& folder) {
  if (!kept.contains(folder)) return;
  throw Error(
      Errc::exists,
      _("not removed: it is or holds the repository that is restored from, or what opens it"));
}

namespace {

bool is_as_seen(DirHandle dir, const FileInfo& there, const SeenEntry& seen) {
  return is_same_entry(dir, seen.key, there.key()) && seen.mtime == there.mtime &&
         seen.type == (there.mode & unix_mode::kTypeBits);
}

/// Throws Error(exists) for a folder that stays.
void require_removable(DirHandle dir, const std::string& name, const FileKey& key,
                       const Clearing& clearing) {
  const bool is_full = !list_dir(open_dir_at(dir, name).get()).empty();
  if (is_full && clearing.has_patterns) {
    throw Error(Errc::exists,
                format_text(_("a folder with content is in the place of {}; it was kept, because "
                              "the patterns may protect what is in it: remove it, or restore "
                              "without patterns"),
                            name));
  }
  if (is_full && !clearing.full_folders) {
    throw Error(Errc::exists, format_text(_("a folder with content is in the place of {}; remove "
                                            "it, or restore with --delete"),
                                          name));
  }
  refuse_to_remove(clearing.kept, key);
  if (is_full && !clearing.all_well) {
    throw Error(Errc::exists,
                format_text(_("a folder with content is in the place of {}; it was kept, because "
                              "not everything could be restored: the same command replaces it "
                              "once all is well"),
                            name));
  }
}

[[noreturn]] void throw_in_use(const std::string& name) {
  throw Error(Errc::exists,
              format_text(_("a folder is in the place of {} in which files came into being, or "
                            "were changed, while restoring; these were kept"),
                          name));
}

/// How much goes with a folder, and that it may.
TreeRemoval count_removable(DirHandle dir, const std::string& name, const FileKey& key,
                            const Clearing& clearing) {
  require_removable(dir, name, key, clearing);
  const TreeRemoval removal = count_tree_at(dir, name, clearing.judge, clearing.is_newer);
  if (removal.newer != 0) throw_in_use(name);
  if (!removal.complete) {
    throw Error(Errc::exists,
                format_text(_("a folder that holds what must stay is in the place of {}; move "
                              "that elsewhere and restore again"),
                            name));
  }
  return removal;
}

/// An empty folder is no loss.
void tell_of_removal(const std::string& name, const TreeRemoval& removal,
                     const Clearing& clearing) {
  if (removal.entries > 1 && clearing.removed) clearing.removed(name, removal.entries);
}

}  // namespace

bool is_file_as_seen(DirHandle dir, const std::string& name, const SeenEntry& seen) {
  const std::optional<FileInfo> there = lstat_at(dir, name);
  return there && !there->is_dir() && is_as_seen(dir, *there, seen);
}

void clear_way(DirHandle dir, const std::string& name, const std::optional<SeenEntry>& seen,
               const Clearing& clearing) {
  const std::optional<FileInfo> there = lstat_at(dir, name);
  if (!there) return;
  const Error appeared(Errc::exists,
                       format_text(_("{} came into being while restoring, and was kept"), name));
  if (!seen || !is_as_seen(dir, *there, *seen)) {
    const bool is_same_folder =
        seen && seen->is_folder() && there->is_dir() && is_same_entry(dir, seen->key, there->key());
    if (is_same_folder) throw_in_use(name);
    throw_unexpected(dir, name, appeared);
  }
  if (!there->is_dir()) {
    remove_file_at(dir, name);
  } else if (!lists_all(dir, {name})) {
    throw_unexpected(dir, name, appeared);
  } else {
    count_removable(dir, name, there->key(), clearing);
    const TreeRemoval removal = remove_tree_at(dir, name, clearing.judge, clearing.is_newer);
    tell_of_removal(name, removal, clearing);
    if (!removal.complete) throw_in_use(name);
  }
}

void foresee_clearing(DirHandle dir, const std::string& name, const Clearing& clearing) {
  const std::optional<FileInfo> there = lstat_at(dir, name);
  if (!there || !there->is_dir()) return;
  tell_of_removal(name, count_removable(dir, name, there->key(), clearing), clearing);
}

}  // namespace medsave
