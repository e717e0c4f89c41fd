#include "medsave/snap/snapshot_finder.hpp"

#include "medsave/base/encoding.hpp"
#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/par/task_scope.hpp"
#include "medsave/snap/tree_walker.hpp"
#include "medsave/snap/wrong_clock.hpp"

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <tuple>
#include <utility>

namespace medsave {
namespace {

constexpr std::size_t kCandidatesShown = 5;
constexpr std::string_view kLatest = "latest";

std::uint64_t bytes_in(const SnapshotEntry& entry) {
  const std::optional<SnapshotSummary>& summary = entry.snapshot.summary;
  return summary ? summary->total_bytes_processed : 0;
}

Snapshot load_snapshot(const Repository& repository, const Id& id, Buffer& json) {
  const FileRef file = {.kind = FileKind::snapshot, .id = id};
  repository.load_json(file, json);
  try {
    return decode_snapshot(as_text(json.view()));
  } catch (const Error& e) {
    throw e.with_context(describe(file));
  }
}

/// Loads all; `failed` decides what an unreadable file means by throwing or returning.
std::vector<SnapshotEntry> load_all(
    const Repository& repository, const std::stop_token& stop,
    const std::function<void(const Id& id, const Error& error)>& failed) {
  const std::vector<ListedFile> files = repository.backend().list(FileKind::snapshot);
  std::vector<std::optional<Snapshot>> loaded(files.size());
  std::atomic<std::size_t> next = 0;
  std::mutex mutex;  // serialises calls of failed
  TaskScope scope(stop);
  const auto wanted =
      std::min<std::size_t>(files.size(), std::max(repository.backend().connections(), 1U));
  scope.spawn("snapshots", static_cast<unsigned>(wanted), [&](const std::stop_token& token) {
    Buffer json;
    for (std::size_t i = next.fetch_add(1); i < files.size(); i = next.fetch_add(1)) {
      check_stop(token);
      try {
        loaded[i] = load_snapshot(repository, files[i].id, json);
      } catch (const Error& e) {
        const std::lock_guard lock(mutex);
        if (is_fatal(e)) throw;
        failed(files[i].id, e);
      }
    }
  });
  scope.join();

  std::vector<SnapshotEntry> entries;
  entries.reserve(files.size());
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (loaded[i]) entries.push_back({.id = files[i].id, .snapshot = std::move(*loaded[i])});
  }
  std::ranges::sort(entries, is_older);
  return entries;
}

std::string describe_candidate(const SnapshotEntry& entry) {
  return format_text("{} ({}, {})", entry.id.short_hex(), tell_time(entry.snapshot.time.instant),
                     entry.snapshot.hostname);
}

/// The newest few of `candidates` (oldest first), newest first.
std::string list_candidates(const std::vector<const SnapshotEntry*>& candidates) {
  std::string text;
  const std::size_t shown = std::min(candidates.size(), kCandidatesShown);
  for (std::size_t i = 0; i < shown; ++i) {
    if (!text.empty()) text += ", ";
    text += describe_candidate(*candidates[candidates.size() - 1 - i]);
  }
  if (shown < candidates.size()) text += ", …";
  return text;
}

std::vector<const SnapshotEntry*> pointers(const std::vector<SnapshotEntry>& snapshots) {
  std::vector<const SnapshotEntry*> out;
  out.reserve(snapshots.size());
  for (const SnapshotEntry& entry : snapshots) out.push_back(&entry);
  return out;
}

bool has_all(const std::vector<std::string>& have, const std::vector<std::string>& wanted) {
  return std::ranges::all_of(
      wanted, [&](const std::string& item) { return std::ranges::find(have, item) != have.end(); });
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

/// Calls `item` for every trimmed, non-empty part between commas.
void for_each_part(std::string_view text, const std::function<void(std::string_view)>& item) {
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    const std::string_view part = trimmed(text.substr(0, comma));
    if (!part.empty()) item(part);
    if (comma == std::string_view::npos) return;
    text.remove_prefix(comma + 1);
  }
}

std::string tell_future(const SnapshotEntry& future, const SnapshotEntry* chosen) {
  const std::string time = tell_time(future.snapshot.time.instant);
  const std::string name = future.id.short_hex();
  if (chosen == nullptr) {
    return format_text(_("snapshot {} is of {}, which is in the future: a clock was wrong when it "
                         "was made, or is now. It is taken for the latest, as there is no other."),
                       name, time);
  }
  return format_text(
      _("snapshot {} is of {}, which is in the future: a clock was wrong when it was made, or is "
        "now. The latest without it is {}, of {}; to have the other one, name its ID."),
      name, time, chosen->id.short_hex(), tell_time(chosen->snapshot.time.instant));
}

std::string tell_successor(const SnapshotEntry& successor, const SnapshotEntry& chosen) {
  return format_text(_("snapshot {} says that it is of {}, but was made after {}, the latest by "
                       "its time: a clock was wrong. To have the other one, name its ID."),
                     successor.id.short_hex(), tell_time(successor.snapshot.time.instant),
                     chosen.id.short_hex());
}

const SnapshotEntry& find_latest(const std::vector<SnapshotEntry>& snapshots,
                                 const SnapshotFilter& filter, const NoticeSink& notice,
                                 const Timestamp& now) {
  const SnapshotEntry* newest = nullptr;
  const SnapshotEntry* chosen = nullptr;
  for (auto it = snapshots.rbegin(); it != snapshots.rend() && chosen == nullptr; ++it) {
    if (!filter.matches(it->snapshot)) continue;
    if (newest == nullptr) newest = &*it;
    if (!is_in_future(it->snapshot.time.instant, now)) chosen = &*it;
  }
  if (newest != nullptr) {
    if (newest != chosen && notice) notice(tell_future(*newest, chosen));
    if (chosen == nullptr) chosen = newest;
    const SnapshotEntry* last = last_made_after(
        *chosen, snapshots, [&](const Snapshot& snapshot) { return filter.matches(snapshot); });
    if (last != nullptr && notice) notice(tell_successor(*last, *chosen));
    return *chosen;
  }
  if (snapshots.empty()) throw Error(Errc::not_found, _("the repository holds no snapshot"));
  throw Error(Errc::not_found,
              format_text(_("no snapshot fits the given host, tags and paths; the newest are: {}"),
                          list_candidates(pointers(snapshots))));
}

}  // namespace

std::vector<SnapshotEntry> load_snapshots(const Repository& repository, const std::stop_token& stop,
                                          const NoticeSink& problem) {
  return load_all(repository, stop, [&](const Id&, const Error& error) {
    if (!problem) throw Error(error);
    problem(error.what());
  });
}

std::vector<SnapshotEntry> load_readable_snapshots(
    const Repository& repository, const std::stop_token& stop,
    const std::function<void(const Id& id, const Error& error)>& problem) {
  return load_all(repository, stop, problem);
}

std::optional<std::string> why_damaged(const Repository& repository, const Id& id) {
  Buffer json;
  try {
    load_snapshot(repository, id, json);
  } catch (const Error& e) {
    if (e.code() != Errc::corrupt) throw;
    return e.what();
  }
  return std::nullopt;
}

std::string advice_on_damaged_snapshots(const std::vector<Id>& ids) {
  std::string names;
  for (const Id& id : ids) names += (names.empty() ? "" : " ") + id.short_hex();
  return format_text(
      n_("Damaged snapshot file: if there is another copy of the repository, fetch the file from "
         "its folder \"snapshots\". If not, run first \"medsave forget {}\", which removes it, "
         "then "
         "\"medsave recover\", which makes a new snapshot of what only this one held; and no "
         "\"medsave prune\" before that.",
         "Damaged snapshot files: if there is another copy of the repository, fetch the files from "
         "its folder \"snapshots\". If not, run first \"medsave forget {}\", which removes them, "
         "then "
         "\"medsave recover\", which makes a new snapshot of what only these held; and no "
         "\"medsave prune\" before that.",
         ids.size()),
      names);
}

bool SnapshotFilter::matches(const Snapshot& snapshot) const {
  if (!hosts.empty() && std::ranges::find(hosts, snapshot.hostname) == hosts.end()) return false;
  const auto fits = [&](const std::vector<std::string>& list) {
    return list.empty() ? snapshot.tags.empty() : has_all(snapshot.tags, list);
  };
  if (!tags.empty() && std::ranges::none_of(tags, fits)) return false;
  return has_all(snapshot.paths, paths);
}

std::vector<std::string> parse_tag_list(const std::string& text) {
  std::vector<std::string> tags;
  for_each_part(text, [&](std::string_view part) { tags.push_back(as_utf8(part)); });
  return tags;
}

SnapshotSpec parse_snapshot_spec(const std::string& text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string::npos) return {.id = text, .subfolder = {}};
  return {.id = text.substr(0, colon), .subfolder = text.substr(colon + 1)};
}

const SnapshotEntry& find_snapshot(const std::vector<SnapshotEntry>& snapshots,
                                   const std::string& id, const SnapshotFilter& filter,
                                   const NoticeSink& notice, const Clock& clock) {
  if (id == kLatest) return find_latest(snapshots, filter, notice, clock.now());
  if (id.empty()) throw Error(Errc::usage, _("the snapshot's id is empty"));
  std::vector<const SnapshotEntry*> fitting;
  for (const SnapshotEntry& entry : snapshots) {
    if (entry.id.hex().starts_with(id)) fitting.push_back(&entry);
  }
  if (fitting.size() == 1) return *fitting.front();
  if (!fitting.empty()) {
    throw Error(Errc::usage, format_text(_("snapshot id {} is ambiguous, it fits: {}"), id,
                                         list_candidates(fitting)));
  }
  if (snapshots.empty()) throw Error(Errc::not_found, _("the repository holds no snapshot"));
  throw Error(Errc::not_found, format_text(_("there is no snapshot {}; the newest are: {}"), id,
                                           list_candidates(pointers(snapshots))));
}

GroupBy parse_group_by(const std::string& text) {
  GroupBy group_by = {.host = false, .paths = false, .tags = false};
  for_each_part(text, [&](std::string_view part) {
    if (part == "host" || part == "hosts") {
      group_by.host = true;
    } else if (part == "path" || part == "paths") {
      group_by.paths = true;
    } else if (part == "tag" || part == "tags") {
      group_by.tags = true;
    } else {
      throw Error(Errc::usage,
                  format_text(_("cannot group snapshots by \"{}\": use host, paths and tags, "
                                "separated by commas"),
                              part));
    }
  });
  return group_by;
}

std::vector<SnapshotGroup> group_snapshots(std::vector<SnapshotEntry> snapshots,
                                           const GroupBy& group_by) {
  using GroupKey = std::tuple<std::string, std::vector<std::string>, std::vector<std::string>>;
  std::map<GroupKey, std::vector<SnapshotEntry>> groups;
  for (SnapshotEntry& entry : snapshots) {
    GroupKey key;
    if (group_by.host) std::get<0>(key) = entry.snapshot.hostname;
    if (group_by.paths) {
      std::get<1>(key) = entry.snapshot.paths;
      std::ranges::sort(std::get<1>(key));
    }
    if (group_by.tags) {
      std::get<2>(key) = entry.snapshot.tags;
      std::ranges::sort(std::get<2>(key));
    }
    groups[std::move(key)].push_back(std::move(entry));
  }
  std::vector<SnapshotGroup> out;
  out.reserve(groups.size());
  for (auto& group : groups) {
    out.push_back({.hostname = std::get<0>(group.first),
                   .paths = std::get<1>(group.first),
                   .tags = std::get<2>(group.first),
                   .snapshots = std::move(group.second)});
  }
  return out;
}

SnapshotFolder find_folder(const BlobReader& reader, const Id& root, const std::string& subfolder) {
  SnapshotFolder folder = {.tree = root};
  std::string path;
  std::string_view rest = subfolder;
  while (!rest.empty()) {
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    const std::string_view name = rest.substr(0, slash);
    rest.remove_prefix(std::min(slash + 1, rest.size()));
    if (name.empty() || name == ".") continue;
    path.append("/").append(name);
    const Tree nodes = load_tree(reader, folder.tree);
    const auto node = std::ranges::find(nodes, name, &Node::name);
    if (node == nodes.end()) {
      throw Error(
          Errc::not_found,
          format_text(_("the snapshot does not contain {}; \"medsave ls SNAPSHOT\" shows what it "
                        "holds, \"medsave find NAME\" looks for a name in all"),
                      path));
    }
    if (node->type != NodeType::dir || !node->subtree) {
      throw Error(Errc::not_found,
                  format_text(_("{} is not a folder in the snapshot. What it is comes back with: "
                                "\"medsave restore SNAPSHOT --include {} --target FOLDER\"."),
                              path, path));
    }
    folder = {.tree = *node->subtree, .node = *node};
  }
  return folder;
}

Id find_subtree(const BlobReader& reader, const Id& root, const std::string& subfolder) {
  return find_folder(reader, root, subfolder).tree;
}

namespace {

/// When its backup began: --time may give several snapshots the same time.
Timestamp made_at(const Snapshot& snapshot) {
  return snapshot.summary ? snapshot.summary->backup_start.instant : snapshot.time.instant;
}

}  // namespace

bool is_older(const SnapshotEntry& a, const SnapshotEntry& b) {
  const auto rank = [](const SnapshotEntry& entry) {
    const Snapshot& snapshot = entry.snapshot;
    return std::tuple(snapshot.time.instant, made_at(snapshot), !snapshot.original, bytes_in(entry),
                      entry.id);
  };
  return rank(a) < rank(b);
}

}  // namespace medsave
