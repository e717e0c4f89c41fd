#include "medsave/maintain/copier.hpp"

#include "blob_transfer.hpp"
#include "copy_damage.hpp"
#include "copy_walk.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/format/snapshot.hpp"
#include "medsave/par/task_scope.hpp"
#include "medsave/repo/pack_range.hpp"

#include <algorithm>
#include <atomic>
#include <span>
#include <tuple>
#include <unordered_map>
#include <utility>

namespace medsave {
namespace {

// So large that the unfilled packs at the end of a batch do not matter.
constexpr std::uint64_t kBatchBytes = 2ULL << 30U;
constexpr std::size_t kBatchBlobs = 500'000;  // 100 bytes of memory each
// Wanted blobs this close to each other are read with one request.
constexpr PackRangeLimits kOneRequest = {.gap = 128ULL << 10U, .length = 4ULL << 20U};

/// Wanted blobs of one pack that are read together.
struct BlobRun {
  std::span<const WantedBlob> blobs = {};
  PackRange range;
  bool ends_pack = false;  // none of the pack comes after it
};

std::vector<BlobRun> plan_runs(std::vector<WantedBlob>& wanted) {
  std::sort(wanted.begin(), wanted.end(), [](const WantedBlob& a, const WantedBlob& b) {
    return std::tie(a.pack, a.entry.offset) < std::tie(b.pack, b.entry.offset);
  });
  std::vector<BlobRun> runs;
  for (std::size_t first = 0; first < wanted.size();) {
    PackRange range(wanted[first].entry.offset, wanted[first].entry.stored_length);
    std::size_t next = first + 1;
    for (; next < wanted.size() && wanted[next].pack == wanted[first].pack; ++next) {
      const PackEntry& entry = wanted[next].entry;
      if (!range.add(entry.offset, entry.stored_length, kOneRequest)) break;
    }
    runs.push_back({.blobs = std::span(wanted).subspan(first, next - first),
                    .range = range,
                    .ends_pack = next == wanted.size() || wanted[next].pack != wanted[first].pack});
    first = next;
  }
  return runs;
}

bool same_set(std::vector<std::string> a, std::vector<std::string> b) {
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  return a == b;
}

/// Whether one is a copy of the other, whatever they have for parent and original.
bool is_copy(const Snapshot& a, const Snapshot& b) {
  return a.time.instant == b.time.instant && a.tree == b.tree && a.hostname == b.hostname &&
         a.username == b.username && a.uid == b.uid && a.gid == b.gid && a.excludes == b.excludes &&
         same_set(a.paths, b.paths) && same_set(a.tags, b.tags);
}

/// A snapshot of the current batch.
struct Batched {
  const SnapshotEntry* source = nullptr;
  const SnapshotEntry* existing = nullptr;  // its copy that was there before
  bool mends = false;                       // something of that was missing
};

BlobWriterOptions with_progress(BlobWriterOptions options, Progress& progress) {
  options.progress = &progress;
  return options;
}

class Copy {
 public:
  Copy(const CopySource& source, const CopyTarget& target, const CopyRequest& request,
       const CopyEvents& events, Progress& progress, const std::stop_token& stop)
      : source_(source),
        target_(target),
        request_(request),
        events_(events),
        progress_(progress),
        writer_(target.repository, target.index, with_progress(request.writer, progress), stop),
        damage_(target),
        walk_(source, target, writer_, damage_, !request.recompress, request.writer.extra_verify) {
    for (const SnapshotEntry& entry : request.existing) {
      copies_.emplace(entry.snapshot.original.value_or(entry.id), &entry);
      if (entry.snapshot.original) copies_.emplace(entry.id, &entry);
    }
  }

  CopyReport run(const std::stop_token& stop) {
    try {
      copy_all(stop);
    } catch (...) {
      keep_what_was_copied();
      throw;
    }
    report_.stored = writer_.stats();
    return report_;
  }

 private:
  void copy_all(const std::stop_token& stop) {
    for (const SnapshotEntry& entry : request_.snapshots) {
      const SnapshotEntry* existing = find_copy(entry);
      if (existing == nullptr && events_.started) events_.started(entry);
      const CopyNeeds needs = walk_.run(entry.snapshot.tree, stop);
      const bool mends = existing != nullptr && !needs.empty();
      add_wanted(needs.wanted);
      batch_.push_back({.source = &entry, .existing = existing, .mends = mends});
      if (wanted_bytes_ >= kBatchBytes || wanted_.size() >= kBatchBlobs) finish_batch(stop);
    }
    progress_.totals_final = true;
    finish_batch(stop);
    if (report_.skipped != 0) target_.repository.backend().sync_found();
  }

  [[nodiscard]] const SnapshotEntry* find_copy(const SnapshotEntry& entry) const {
    const auto [first, last] = copies_.equal_range(entry.snapshot.original.value_or(entry.id));
    const auto found = std::find_if(first, last, [&](const auto& candidate) {
      return is_copy(candidate.second->snapshot, entry.snapshot);
    });
    return found == last ? nullptr : found->second;
  }

  void add_wanted(const std::vector<WantedBlob>& wanted) {
    for (const WantedBlob& blob : wanted) wanted_bytes_ += blob.entry.stored_length;
    progress_.total_bytes += wanted_bytes_ - std::exchange(announced_bytes_, wanted_bytes_);
    wanted_.insert(wanted_.end(), wanted.begin(), wanted.end());
  }

  /// Copies the data; when that is durable and indexed, stores the snapshots that are whole.
  void finish_batch(const std::stop_token& stop) {
    copy_wanted(stop);
    progress_.all_read = true;
    writer_.finish();
    progress_.all_read = false;
    std::vector<std::pair<const SnapshotEntry*, Id>> saved;
    for (const Batched& batched : batch_) {
      const SnapshotEntry& entry = *batched.source;
      if (const auto why = damage_.why_not_whole(entry.snapshot.tree, stop)) {
        report_.damaged.push_back(entry.id);
        if (events_.damaged) events_.damaged(entry, *why);
      } else if (batched.existing == nullptr) {
        saved.emplace_back(&entry, save(entry));
      } else {
        keep(batched);
      }
    }
    batch_.clear();
    if (saved.empty()) return;
    target_.repository.backend().barrier();
    report_.copied += saved.size();
    if (!events_.saved) return;
    for (const auto& [entry, id] : saved) events_.saved(*entry, id);
  }

  void keep(const Batched& batched) {
    ++report_.skipped;
    if (batched.mends) ++report_.mended;
    const auto& tell = batched.mends ? events_.mended : events_.skipped;
    if (tell) tell(*batched.source, batched.existing->id);
  }

  Id save(const SnapshotEntry& entry) const {
    // The parent's id stays that of the source, which the parent's copy has as `original`. By this
    // chain of parents `forget` recognises snapshots made with a clock that was behind.
    Snapshot copy = entry.snapshot;
    if (!copy.original) copy.original = entry.id;
    return target_.repository.save_json(FileKind::snapshot, encode_snapshot(copy));
  }

  void copy_wanted(const std::stop_token& stop) {
    const std::vector<BlobRun> runs = plan_runs(wanted_);
    progress_.total_items += static_cast<std::uint64_t>(
        std::count_if(runs.begin(), runs.end(), [](const BlobRun& run) { return run.ends_pack; }));
    std::atomic<std::size_t> next = 0;
    // One thread more than cores, so that one can wait for the medium.
    const unsigned wanted =
        std::max(worker_count() + 1, source_.repository.backend().connections());
    TaskScope scope(stop);
    scope.spawn("copy data", static_cast<unsigned>(std::min<std::size_t>(wanted, runs.size())),
                [&](const std::stop_token& token) { copy_some(runs, next, token); });
    scope.join();
    wanted_.clear();
    wanted_bytes_ = 0;
    announced_bytes_ = 0;
  }

  void copy_some(const std::vector<BlobRun>& runs, std::atomic<std::size_t>& next,
                 const std::stop_token& stop) {
    BlobTransfer transfer(source_, target_.repository, writer_, !request_.recompress,
                          request_.writer.extra_verify);
    Buffer bytes;
    for (std::size_t n = next++; n < runs.size(); n = next++) {
      check_stop(stop);
      copy_run(runs[n], transfer, bytes);
    }
  }

  void copy_run(const BlobRun& run, BlobTransfer& transfer, Buffer& bytes) {
    // Where the bytes cannot be had, each blob comes from wherever it can be found.
    const bool loaded = run.range.load(source_.repository, run.blobs.front().pack, bytes);
    for (const WantedBlob& wanted : run.blobs) {
      const PackEntry& entry = wanted.entry;
      const bool done = loaded && transfer.transfer(entry, run.range.blob(bytes, entry.offset,
                                                                          entry.stored_length));
      if (!done) {
        const BlobRef blob{.kind = entry.kind, .id = entry.id};
        if (const auto failure = transfer.transfer_any_copy(blob)) damage_.add(blob, *failure);
      }
      progress_.done_bytes += entry.stored_length;
    }
    if (run.ends_pack) ++progress_.done_items;
  }

  /// So that the next run need not copy it again.
  void keep_what_was_copied() noexcept {
    try {
      writer_.finish();
    } catch (...) {  // the failure that led here is the one to report
    }
  }

  const CopySource& source_;
  const CopyTarget& target_;
  const CopyRequest& request_;
  const CopyEvents& events_;
  Progress& progress_;
  BlobWriter writer_;
  CopyDamage damage_;
  CopyWalk walk_;
  std::unordered_multimap<Id, const SnapshotEntry*> copies_;  // by original
  std::vector<Batched> batch_;                                // trees copied, data not yet
  std::vector<WantedBlob> wanted_;
  std::uint64_t wanted_bytes_ = 0;
  std::uint64_t announced_bytes_ = 0;  // of them, in progress_
  CopyReport report_;
};

}  // namespace

CopyReport copy_snapshots(const CopySource& source, const CopyTarget& target,
                          const CopyRequest& request, const CopyEvents& events, Progress& progress,
                          const std::stop_token& stop) {
  return Copy(source, target, request, events, progress, stop).run(stop);
}

}  // namespace medsave
