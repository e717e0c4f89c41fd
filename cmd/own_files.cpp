#include "own_files.hpp"

#include "known_repositories.hpp"

#include "medsave/archive/snapshot_paths.hpp"
#include "medsave/backend/cache_directories.hpp"
#include "medsave/backend/file_layout.hpp"
#include "medsave/base/error.hpp"
#include "medsave/base/id.hpp"
#include "medsave/base/text.hpp"
#include "medsave/remote/location.hpp"
#include "medsave/sys/file_info.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace medsave::cli {
namespace {

bool lies_below(const std::string& path, const std::string& folder) {
  return path.starts_with(folder) &&
         (path.size() == folder.size() || folder.ends_with('/') || path[folder.size()] == '/');
}

bool is_in_sources(const std::vector<std::string>& paths, const std::string& folder) {
  return std::ranges::any_of(paths,
                             [&](const std::string& source) { return lies_below(folder, source); });
}

std::string path_in(const std::string& folder, std::string_view name) {
  return std::string(folder).append("/").append(name);
}

/// None where it is no folder or cannot be listed; the backup reports that itself.
std::optional<std::vector<std::string>> names_in(const std::string& folder, bool follow) {
  try {
    return list_dir(open_dir_at(kCurrentDirectory, folder, follow).get());
  } catch (const Error&) {
    return std::nullopt;
  }
}

/// Notes are called by an id, or by two with '-' between them, as no other files are.
bool is_name_of_note(std::string_view name) {
  constexpr std::size_t kDigits = 2 * sizeof(Id);
  if (name.size() != 2 * kDigits + 1 || name[kDigits] != '-') return Id::parse(name).has_value();
  return Id::parse(name.substr(0, kDigits)) && Id::parse(name.substr(kDigits + 1));
}

/// The notes among the entries of a folder.
std::vector<std::string> notes_among(const std::string& folder,
                                     const std::vector<std::string>& names) {
  std::vector<std::string> notes;
  for (const std::string& name : names) {
    const std::string path = path_in(folder, name);
    const std::optional<FileInfo> info = lstat_at(kCurrentDirectory, path);
    if (is_name_of_note(name) && info && info->is_regular()) notes.push_back(path);
  }
  return notes;
}

bool is_part_of_cache(const std::string& folder, const std::string& name) {
  const std::string path = path_in(folder, name);
  return (name == "CACHEDIR.TAG" && is_cache_tag(path)) ||
         (name == "repositories.json" && remembers_repositories(folder)) ||
         is_cache_directory(folder, name);
}

/// What is provably the cache's of `folder`, which may be a folder of the user with others of these
/// names: the whole of it, where it holds nothing else.
std::vector<std::string> parts_of_cache(const std::string& folder) {
  std::vector<std::string> parts;
  bool has_others = false;
  for (const std::string& name : names_in(folder, true).value_or(std::vector<std::string>())) {
    const std::string path = path_in(folder, name);
    if (is_part_of_cache(folder, name)) {
      parts.push_back(path);
      continue;
    }
    const bool may_hold_notes = name == "configs" || name == "running";
    const auto inside = may_hold_notes ? names_in(path, false) : std::nullopt;
    if (!inside) {
      has_others = true;
      continue;
    }
    std::vector<std::string> notes = notes_among(path, *inside);
    if (notes.size() != inside->size()) {
      has_others = true;
    } else if (!notes.empty()) {
      notes = {path};
    }
    parts.insert(parts.end(), notes.begin(), notes.end());
  }
  if (!parts.empty() && !has_others) return {folder};
  return parts;
}

void leave_out_cache(BackupRequest& request, const std::vector<std::string>& paths,
                     const std::string& folder, Context& context) {
  std::vector<std::string> parts;
  try {
    parts = parts_of_cache(folder);
  } catch (const Error&) {  // out of reach: the backup reports that itself
    return;
  }
  std::vector<std::string>& own = request.filter.own_paths;
  own.insert(own.end(), parts.begin(), parts.end());
  if (parts.empty() || parts.front() == folder || !is_in_sources(paths, folder)) return;
  context.info(format_text(_("the cache in {} is left out of the snapshot, other files in that "
                             "folder are not"),
                           folder));
}

void leave_out_repository(BackupRequest& request, const std::vector<std::string>& paths,
                          const std::string& folder, Context& context) {
  request.filter.own_paths.push_back(folder + "/config");
  for (const std::string_view part : repository_folders()) {
    request.filter.own_paths.push_back(path_in(folder, part));
  }
  const auto source = std::ranges::find_if(
      paths, [&](const std::string& path) { return lies_below(folder, path); });
  if (source == paths.end()) return;
  context.info(format_text(_("the repository {} lies inside {} and is left out of the snapshot"),
                           folder, *source));
}

}  // namespace

void leave_out_own_files(BackupRequest& request, Context& context) {
  const std::vector<std::string> paths = source_paths(request.targets);
  leave_out_cache(request, paths, source_paths({cache_base(context.global)}).front(), context);
  const auto folder = folder_here(chosen_location(context.global.repository));
  if (folder && !request.targets.empty()) {
    leave_out_repository(request, paths, source_paths({*folder}).front(), context);
  }
}

}  // namespace medsave::cli
