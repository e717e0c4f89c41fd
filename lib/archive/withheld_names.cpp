#include "withheld_names.hpp"

#include "medsave/base/sentences.hpp"
#include "medsave/base/text.hpp"

#include <algorithm>

namespace medsave {
namespace {

std::vector<std::string> list_sorted(DirHandle dir) {
  std::optional<Error> cut_short;  // which the first list of the folder told, or the next will
  std::vector<std::string> names = list_dir(dir, cut_short);
  std::ranges::sort(names);
  return names;
}

void erase_listed(std::vector<std::string>& names, const std::vector<std::string>& listed) {
  std::erase_if(names,
                [&](const std::string& name) { return std::ranges::binary_search(listed, name); });
}

std::optional<FileInfo> look(DirHandle dir, const std::string& name) {
  try {
    return lstat_at(dir, name);
  } catch (const Error&) {
    return std::nullopt;
  }
}

/// Whether the folder has this entry under another name: file systems that take upper and lower
/// case for the same, or have a spelling of their own, find a file that was renamed by both.
bool is_listed_otherwise(DirHandle dir, const std::string& name, const FileInfo& entry,
                         const std::vector<std::string>& listed) {
  return std::ranges::any_of(listed, [&](const std::string& other) {
    const std::optional<FileInfo> there = look(dir, other);
    if (!there || there->key() != entry.key()) return false;
    return entry.links == 1 || entry.is_dir() || case_folded(other) == case_folded(name);
  });
}

/// Whether nothing has this name. An error does not say so: of a damaged folder, names are neither
/// listed nor found.
bool is_gone(DirHandle dir, const std::string& name) {
  try {
    return !lstat_at(dir, name).has_value();
  } catch (const Error&) {
    return false;
  }
}

/// Of the names `missing` in the list of a folder that was changed: those that are there all the
/// same, or may be.
std::vector<std::string> names_there(DirHandle dir, std::vector<std::string> missing,
                                     const std::vector<std::string>& listed) {
  std::erase_if(missing, [&](const std::string& name) {
    const std::optional<FileInfo> entry = look(dir, name);
    return entry ? is_listed_otherwise(dir, name, *entry, listed) : is_gone(dir, name);
  });
  // What came back while this was looked at is listed again.
  if (!missing.empty()) erase_listed(missing, list_sorted(dir));
  return missing;
}

}  // namespace

std::vector<std::string> names_withheld(const FolderList& list, const Node& before,
                                        const Tree& previous, const ParentMatcher& matcher,
                                        const PathFilter& excludes) {
  std::vector<std::string> missing;
  for (const Node& node : previous) {
    if (!std::ranges::binary_search(list.entries, node.name, {}, &SourceEntry::name)) {
      missing.push_back(node.name);
    }
  }
  if (missing.empty()) return {};
  if (list.cut_short) {
    std::erase_if(missing, [&](const std::string& name) {
      return excludes.check(list.dir.path + "/" + name).matches;
    });
    return missing;
  }
  const DirHandle dir = list.dir.handle();
  // What patterns leave out is listed.
  const std::vector<std::string> listed = list_sorted(dir);
  erase_listed(missing, listed);
  if (missing.empty()) return {};
  // What the folder is by now does not count, since somebody may work in it.
  if (!matcher.is_same_list(list.seen, before)) return names_there(dir, missing, listed);
  if (dates_changes_of_names(dir)) return missing;
  // Elsewhere only a name that is there all the same, or may be, proves it.
  const auto may_be_there = [&](const std::string& name) { return !is_gone(dir, name); };
  return std::ranges::any_of(missing, may_be_there) ? missing : std::vector<std::string>();
}

std::optional<std::string> describe_withheld(const FolderList& list, std::size_t names) {
  const unsigned long count = names;
  if (!list.cut_short) {
    if (count == 0) return std::nullopt;
    return format_text(
        n_("it lists {} name less than in the previous snapshot, although it was not removed; what "
           "that snapshot has of it is kept. Look whether the drive is still there and sound.",
           "it lists {} names less than in the previous snapshot, although they were not removed; "
           "what that snapshot has of them is kept. Look whether the drive is still there and "
           "sound.",
           count),
        count);
  }
  const std::string why = list.cut_short->what();
  if (count != 0) {
    return with_semicolon(
        why,
        format_text(n_("saved is what it listed until then, and of {} more name what the "
                       "previous snapshot has. Look whether the drive is still there and sound.",
                       "saved is what it listed until then, and of {} more names what the "
                       "previous snapshot has. Look whether the drive is still there and sound.",
                       count),
                    count));
  }
  if (list.entries.empty()) return why;
  return with_semicolon(
      why,
      _("saved is what it listed until then. Look whether the drive is still there and sound."));
}

}  // namespace medsave
