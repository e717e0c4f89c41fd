#include "target_resolution.hpp"

#include "exclusion_tags.hpp"
#include "source_path.hpp"
#include "source_tree.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/sys/file_info.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>

namespace medsave {
namespace {

/// False where that cannot be found out.
bool leads_to_folder(const std::string& link) {
  try {
    const std::optional<FileInfo> info = stat_at(kCurrentDirectory, link);
    return info && info->is_dir();
  } catch (const Error&) {
    return false;
  }
}

/// Adds the entries of a source such as ".", which itself has no name in the snapshot.
void add_entries(const std::string& folder, BackupTargets& tree, const BackupRequest& request,
                 Reporter& reporter) {
  const std::vector<std::string> entries =
      entries_of_bare_root(folder, ExclusionTags(request.filter));
  const std::uint64_t device = stat_at(kCurrentDirectory, folder).value().device;
  for (const std::string& entry : entries) tree.add_entry(entry, device);

  const std::string path = absolute_path(folder);
  if (const auto tag =
          ExclusionTags(request.filter).excluding(open_dir_at(kCurrentDirectory, folder).get())) {
    reporter.excluded_by_file(path, *tag);
    return;
  }
  if (std::ranges::all_of(
          entries, [](const std::string& entry) { return entry.ends_with(kLostAndFound); })) {
    reporter.emptied(path, true);
    return;
  }
  const PathFilter& excludes = request.filter.excludes;
  const std::optional<std::string> pattern = pattern_excluding(excludes, path);
  if (pattern && std::ranges::all_of(entries, [&](const std::string& entry) {
        return excludes.check(absolute_path(entry)).matches;
      })) {
    reporter.excluded(path, *pattern);
  }
}

/// Tells of sources that are links, because the user may expect the folders behind them to be
/// saved.
void tell_links(const std::vector<std::string>& links, const BackupRequest& request,
                Reporter& reporter) {
  if (links.empty()) return;
  if (request.require_sources) reporter.count_emptied(links.size());
  const std::string& link = links.front();
  if (leads_to_folder(link)) {
    reporter.notice(format_text(_("{} is a link and is saved as a link, without what it leads to. "
                                  "To save the folder behind it, write a slash at the end: {}/."),
                                link, link));
  } else {
    reporter.notice(format_text(_("{} is a link and is saved as a link, without what it leads to. "
                                  "To save that, give its own path."),
                                link));
  }
  const unsigned long more = links.size() - 1;
  if (more == 0) return;
  reporter.notice(format_text(
      n_("the same is true of {} other source", "the same is true of {} other sources", more),
      more));
}

}  // namespace

BackupTargets resolve_targets(const BackupRequest& request, Reporter& reporter,
                              std::vector<std::string>& existing) {
  BackupTargets tree;
  std::vector<std::string> links;
  std::vector<std::string> specials;
  for (const std::string& target : request.targets) {
    try {
      const std::optional<FileInfo> info = lstat_at(kCurrentDirectory, target);
      if (!info) {
        reporter.problem(target, _("it does not exist"));
        continue;
      }
      if (info->is_symlink()) links.push_back(target);
      if (!info->is_symlink() && !info->is_dir() && !info->is_regular()) specials.push_back(target);
    } catch (const Error&) {
      // It exists but cannot be examined; the walk reports that.
    }
    const std::string cleaned = clean_path(target);
    if (!is_bare_root(cleaned)) {
      tree.add(target);
    } else {
      add_entries(cleaned, tree, request, reporter);
    }
    existing.push_back(target);
  }
  if (existing.empty() && request.streams.empty()) {
    throw Error(Errc::usage, _("none of the files and folders to back up exists"));
  }
  for (const StreamSource& stream : request.streams) tree.add_stream(stream);
  tell_links(links, request, reporter);
  for (const std::string& path : specials) {
    if (request.require_sources) reporter.count_emptied(1);
    reporter.notice(format_text(_("{0} is a device, a pipe or a socket: what can be read from it "
                                  "is not saved. To save that: \"medsave backup --stdin <{0}\"."),
                                path));
  }
  return tree;
}

}  // namespace medsave
