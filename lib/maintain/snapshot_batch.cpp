#include "snapshot_batch.hpp"

#include "medsave/crypto/sha256.hpp"
#include "medsave/par/task_scope.hpp"
#include "medsave/repo/list_again.hpp"

namespace medsave {

SnapshotBatch::SnapshotBatch(const Repository& repository, Index& index,
                             const BlobWriterOptions& options, const Mode& mode,
                             const std::stop_token& stop)
    : repository_(repository), mode_(mode), stop_(stop) {
  if (!mode.dry_run) writer_ = std::make_unique<BlobWriter>(repository, index, options, stop);
}

Id SnapshotBatch::save_tree(std::string_view json) {
  if (!writer_) return sha256(as_bytes(json));
  return writer_->save(BlobKind::tree, as_bytes(json)).id;
}

void SnapshotBatch::keep(const Id& old) { changes_.push_back({{.old = old}, {}}); }

void SnapshotBatch::replace(const Id& old, Snapshot successor) {
  changes_.push_back({{.old = old, .fate = SnapshotFate::replaced}, std::move(successor)});
}

void SnapshotBatch::drop(const Id& old) {
  changes_.push_back({{.old = old, .fate = SnapshotFate::emptied}, {}});
}

std::size_t SnapshotBatch::commit(const std::function<void(const SnapshotChange&)>& changed) {
  if (writer_) writer_->finish();
  std::size_t count = 0;
  std::vector<Id> removed;
  for (auto& [change, successor] : changes_) {
    check_stop(stop_);
    if (writer_) carry_out(change, successor);
    // Without a successor the old one only changes by being deleted.
    const bool counts = change.fate == SnapshotFate::replaced ||
                        (change.fate == SnapshotFate::emptied && mode_.forget);
    count += counts ? 1U : 0U;
    if (change.old_removed) removed.push_back(change.old);
    if (changed) changed(change);
  }
  require_deleted(repository_, FileKind::snapshot, removed, stop_);
  return count;
}

void SnapshotBatch::carry_out(SnapshotChange& change, const Snapshot& successor) {
  if (change.fate == SnapshotFate::replaced) {
    std::optional<Id> old;
    if (mode_.forget) old = change.old;
    change.saved = replace_snapshot(repository_, successor, old);
    change.old_removed = mode_.forget;
  } else if (change.fate == SnapshotFate::emptied && mode_.forget) {
    repository_.backend().remove({.kind = FileKind::snapshot, .id = change.old});
    repository_.backend().barrier();
    change.old_removed = true;
  }
}

}  // namespace medsave
