#include "chosen_snapshots.hpp"

#include "context.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"

#include <algorithm>
#include <iterator>

namespace medsave::cli {

std::vector<SnapshotEntry> load_candidates(const Repository& repository, const std::string& id,
                                           Context& context) {
  if (id != kLatestSnapshot) return load_snapshots(repository, context.stop(), context.notices());
  try {
    return load_snapshots(repository, context.stop());
  } catch (const Error& e) {
    if (e.code() != Errc::corrupt) throw;
    throw Error(e.code(), format_text(_("which snapshot is the latest cannot be told: {}; choose "
                                        "one by its ID, `medsave snapshots` lists them"),
                                      e.what()));
  }
}

std::vector<SnapshotEntry> choose_snapshots(const std::vector<SnapshotEntry>& all,
                                            const std::vector<std::string>& ids,
                                            const SnapshotFilter& filter, Context& context) {
  std::vector<SnapshotEntry> out;
  if (ids.empty()) {
    std::ranges::copy_if(all, std::back_inserter(out), [&](const SnapshotEntry& entry) {
      return filter.matches(entry.snapshot);
    });
    return out;
  }
  for (const std::string& id : ids) {
    try {
      if (!parse_snapshot_spec(id).subfolder.empty()) {
        throw Error(Errc::usage, _("SNAPSHOT:FOLDER is not possible here"));
      }
      const SnapshotEntry& entry = find_snapshot(all, id, filter);
      if (std::ranges::find(out, entry.id, &SnapshotEntry::id) == out.end()) out.push_back(entry);
    } catch (const Error& e) {
      context.warn(format_text(_("ignoring \"{}\": {}"), id, e.what()));
    }
  }
  return out;
}

}  // namespace medsave::cli
