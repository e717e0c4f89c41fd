#include "own_files.hpp"

#include "medsave/backend/file_layout.hpp"
#include "medsave/base/error.hpp"
#include "medsave/base/id.hpp"
#include "medsave/base/text.hpp"
#include "medsave/remote/location.hpp"
#include "medsave/sys/file_info.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace medsave::cli {
namespace {

constexpr std::array<std::string_view, 4> kCacheParts = {"CACHEDIR.TAG", "configs",
                                                         "repositories.json", "running"};

bool lies_below(const std::string& path, const std::string& folder) {
  return path.starts_with(folder) &&
         (path.size() == folder.size() || folder.ends_with('/') || path[folder.size()] == '/');
}

bool is_in_sources(const std::vector<std::string>& paths, const std::string& folder) {
  return std::ranges::any_of(paths,
                             [&](const std::string& source) { return lies_below(folder, source); });
}

bool is_of_cache(const std::string& name) {
  return std::ranges::find(kCacheParts, name) != kCacheParts.end() || Id::parse(name).has_value();
}

/// Empty where the folder is missing or cannot be listed; the backup reports that itself.
std::vector<std::string> names_in(const std::string& folder) {
  try {
    return list_dir(open_dir_at(kCurrentDirectory, folder, true).get());
  } catch (const Error&) {
    return {};
  }
}

void leave_out_cache(BackupRequest& request, const std::vector<std::string>& paths,
                     const std::string& folder, Context& context) {
  std::vector<std::string>& own = request.filter.own_paths;
  const std::vector<std::string> names = names_in(folder);
  if (std::ranges::all_of(names, is_of_cache)) {
    own.push_back(folder);
    return;
  }
  for (const std::string& name : names) {
    if (is_of_cache(name)) own.push_back(std::string(folder).append("/").append(name));
  }
  if (!is_in_sources(paths, folder)) return;
  context.info(format_text(_("the cache in {} is left out of the snapshot, other files in that "
                             "folder are not"),
                           context.console.name_for_out(folder)));
}

void leave_out_repository(BackupRequest& request, const std::vector<std::string>& paths,
                          const std::string& folder, Context& context) {
  request.filter.own_paths.push_back(folder + "/config");
  for (const std::string_view part : repository_folders()) {
    request.filter.own_paths.push_back(std::string(folder).append("/").append(part));
  }
  const auto source = std::ranges::find_if(
      paths, [&](const std::string& path) { return lies_below(folder, path); });
  if (source == paths.end()) return;
  context.info(format_text(_("the repository {} lies inside {} and is left out of the snapshot"),
                           context.console.name_for_out(folder),
                           context.console.name_for_out(*source)));
}

}  // namespace

void leave_out_own_files(BackupRequest& request, const std::vector<std::string>& paths,
                         Context& context) {
  leave_out_cache(request, paths, snapshot_paths({cache_base(context.global)}).front(), context);
  const auto folder = local_folder(chosen_location(context.global.repository));
  if (folder && !request.targets.empty()) {
    leave_out_repository(request, paths, snapshot_paths({*folder}).front(), context);
  }
}

}  // namespace medsave::cli
