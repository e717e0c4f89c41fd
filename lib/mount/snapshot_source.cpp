#include "snapshot_source.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/format/index_file.hpp"
#include "medsave/format/snapshot.hpp"
#include "medsave/repo/index_load.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace medsave {

SnapshotSource::SnapshotSource(const Repository& repository, const MountRequest& request,
                               NoticeSink notice, const std::stop_token& stop)
    : repository_(repository),
      request_(request),
      notice_(std::move(notice)),
      start_(repository.clock().now()) {
  known_ = list(FileKind::snapshot);
  for (SnapshotEntry& entry : load_snapshots(repository_, stop, notice_)) {
    known_.insert(entry.id);
    if (!request_.filter.matches(entry.snapshot)) continue;
    snapshots_.emplace(entry.id, std::move(entry.snapshot));
  }
  LoadIndexReport report;
  index_ = load_index(repository_, stop, &report);
  for (const IndexFileContent& content : report.contents) indexes_.insert(content.index);
  for (const IndexProblem& problem : report.problems) {
    indexes_.insert(problem.index);
    notice_(problem.message);
  }
  publish();
}

std::set<Id> SnapshotSource::list(FileKind kind) const {
  std::set<Id> out;
  for (const ListedFile& file : repository_.backend().list(kind)) out.insert(file.id);
  return out;
}

LayoutPointer SnapshotSource::layout(std::chrono::milliseconds interval) {
  bool look = false;
  {
    const std::lock_guard lock(mutex_);
    look = SteadyClock::now() >= next_look_;
    if (look) next_look_ = SteadyClock::now() + interval;
  }
  // While one thread looks for new snapshots, others use the ones that are known.
  if (const std::unique_lock turn(refreshing_, std::try_to_lock); look && turn.owns_lock()) {
    refresh();
    const std::lock_guard lock(mutex_);
    next_look_ = SteadyClock::now() + interval;
  }
  const std::lock_guard lock(mutex_);
  return layout_;
}

void SnapshotSource::refresh() {
  try {
    if (follow(list(FileKind::snapshot))) publish();
    last_failure_.clear();
  } catch (const Error& e) {
    const std::string failure = e.what();
    if (failure != last_failure_) {
      notice_(format_text(_("cannot look for new snapshots: {}"), failure));
    }
    last_failure_ = failure;
  }
}

bool SnapshotSource::follow(const std::set<Id>& listed) {
  bool changed = std::erase_if(snapshots_, [&](const auto& entry) {
                   return !listed.contains(entry.first);
                 }) != 0;
  std::erase_if(known_, [&](const Id& id) { return !listed.contains(id); });
  std::vector<Id> added;
  std::ranges::set_difference(listed, known_, std::back_inserter(added));
  if (added.empty()) return changed;
  // A snapshot is there only after the index that lists its content.
  load_new_indexes();
  Buffer json;
  for (const Id& id : added) {
    const FileRef file{.kind = FileKind::snapshot, .id = id};
    try {
      repository_.load_json(file, json);
      Snapshot snapshot = decode_snapshot(as_text(json.view()));
      if (request_.filter.matches(snapshot)) {
        snapshots_.emplace(id, std::move(snapshot));
        changed = true;
      }
    } catch (const Error& e) {
      if (e.code() == Errc::not_found) continue;  // forgotten since
      if (e.code() != Errc::corrupt) throw;
      notice_(e.with_context(describe(file)).what());
    }
    known_.insert(id);
  }
  return changed;
}

void SnapshotSource::load_new_indexes() {
  Buffer json;
  for (const Id& id : list(FileKind::index)) {
    if (indexes_.contains(id)) continue;
    const FileRef file{.kind = FileKind::index, .id = id};
    try {
      repository_.load_json(file, json);
      decode_index(as_text(json.view()), [&](IndexedPack& pack) { index_->add_pack(pack); });
    } catch (const Error& e) {
      if (e.code() == Errc::not_found) continue;  // replaced since
      if (e.code() != Errc::corrupt) throw;
      notice_(e.what());
    }
    indexes_.insert(id);
  }
}

void SnapshotSource::publish() {
  std::vector<SnapshotEntry> entries;
  entries.reserve(snapshots_.size());
  for (const auto& [id, snapshot] : snapshots_) entries.push_back({.id = id, .snapshot = snapshot});
  std::ranges::stable_sort(entries, {},
                           [](const SnapshotEntry& entry) { return entry.snapshot.time.instant; });
  LayoutPointer layout = make_layout(entries, request_.names, start_, repository_.clock().now());
  const std::lock_guard lock(mutex_);
  layout_ = std::move(layout);
  next_look_ = SteadyClock::now() + std::chrono::seconds(1);
}

}  // namespace medsave
