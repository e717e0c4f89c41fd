#include "chosen_snapshots.hpp"

#include "context.hpp"
#include "exit_codes.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/sentences.hpp"
#include "medsave/base/text.hpp"

#include <algorithm>
#include <iterator>

namespace medsave::cli {

namespace {

/// Where there is data, there were snapshots: perhaps they were deleted.
std::string no_snapshot_text(const Repository& repository) {
  const std::string text = _("the repository holds no snapshot");
  Backend& backend = repository.backend();
  if (backend.list(FileKind::index).empty() && backend.list(FileKind::pack).empty()) return text;
  return with_semicolon(text, _("no backup has ended yet, or they were deleted (then do not run "
                                "\"medsave prune\": \"medsave recover\" can find them)"));
}

/// It might be the one that cannot be read.
std::vector<SnapshotEntry> load_for_latest(const Repository& repository,
                                           const std::stop_token& stop) {
  try {
    return load_snapshots(repository, stop);
  } catch (const Error& e) {
    if (is_fatal(e)) throw;
    throw Error(e.code(), format_text(_("which snapshot is the latest cannot be told: {}; choose "
                                        "one by its ID, \"medsave snapshots\" lists them"),
                                      without_stop(e.what())));
  }
}

}  // namespace

std::vector<SnapshotEntry> load_candidates(const Repository& repository, const std::string& id,
                                           const std::stop_token& stop, Context& context) {
  std::vector<SnapshotEntry> loaded = id == kLatestSnapshot
                                          ? load_for_latest(repository, stop)
                                          : load_snapshots(repository, stop, context.notices());
  if (loaded.empty() && context.identity == Identity::medsave) {
    throw Error(Errc::not_found, no_snapshot_text(repository));
  }
  return loaded;
}

ReadableSnapshots load_to_choose(const Repository& repository, const std::vector<std::string>& ids,
                                 const std::stop_token& stop, Context& context) {
  ReadableSnapshots loaded;
  if (std::ranges::find(ids, kLatestSnapshot) != ids.end()) {
    loaded.snapshots = load_for_latest(repository, stop);
    return loaded;
  }
  const auto note = [&](const Id& id, const Error& error) {
    context.warn(error.what());
    const auto means = [&](const std::string& name) { return id.hex().starts_with(name); };
    if (ids.empty() || std::ranges::any_of(ids, means)) ++loaded.unreadable;
  };
  loaded.snapshots = load_readable_snapshots(repository, stop, note);
  return loaded;
}

void require_all_read(const ReadableSnapshots& loaded) {
  const unsigned long count = loaded.unreadable;
  if (count == 0) return;
  throw CommandFailed(
      kExitFailed,
      fatal_text(format_text(
          n_("{} snapshot could not be read and was left out: \"medsave check\" says more",
             "{} snapshots could not be read and were left out: \"medsave check\" says more",
             count),
          count)));
}

std::vector<SnapshotEntry> choose_snapshots(const std::vector<SnapshotEntry>& all,
                                            const std::vector<std::string>& ids,
                                            const SnapshotFilter& filter, UnknownName unknown,
                                            Context& context) {
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
      const SnapshotEntry& entry = find_snapshot(all, id, filter, context.notices());
      if (std::ranges::find(out, entry.id, &SnapshotEntry::id) == out.end()) out.push_back(entry);
    } catch (const Error& e) {
      const bool refuse = unknown == UnknownName::refused || id != kLatestSnapshot;
      if (refuse && context.identity == Identity::medsave) throw;
      context.warn(format_text(_("ignoring \"{}\": {}"), id, e.what()));
    }
  }
  return out;
}

void require_chosen(const std::vector<SnapshotEntry>& chosen, const std::vector<SnapshotEntry>& all,
                    const Context& context) {
  if (!chosen.empty() || all.empty() || context.identity == Identity::restic) return;
  const unsigned long count = all.size();
  throw Error(
      Errc::not_found,
      format_text(n_("none of the {} snapshot fits --host, --tag or --path; nothing was done",
                     "none of the {} snapshots fits --host, --tag or --path; nothing was "
                     "done",
                     count),
                  count));
}

void tell_none_chosen(const std::vector<SnapshotEntry>& all, const Repository& repository,
                      Context& context) {
  if (context.identity == Identity::restic) return;
  if (all.empty()) {
    context.info(no_snapshot_text(repository));
    return;
  }
  const unsigned long count = all.size();
  context.warn(format_text(n_("none of the {} snapshot fits --host, --tag or --path",
                              "none of the {} snapshots fits --host, --tag or --path", count),
                           count));
}

}  // namespace medsave::cli
