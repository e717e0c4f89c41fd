#include "medsave/repo/adopt.hpp"

#include "medsave/base/error.hpp"
#include "medsave/crypto/sha256.hpp"
#include "medsave/par/task_scope.hpp"
#include "medsave/repo/blob_writer.hpp"
#include "medsave/repo/index_files.hpp"
#include "medsave/repo/pack_header_load.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>

namespace medsave {
namespace {

// Packs are read whole. Those of a killed writer are a little larger than its target size of at
// most 128 MiB.
constexpr std::uint64_t kMaxAdoptable = 256ULL << 20U;

class Adoption {
 public:
  Adoption(const Repository& repository, Index& index) : repository_(repository), index_(index) {
    // The list made at opening may be older than the index. That does no harm: a pack stored since
    // is indexed, or belongs to a running program.
    for (const ListedFile& file : repository.packs_at_opening()) {
      if (index.contains_pack(file.id)) continue;
      const bool fits = file.size >= kMinPack && file.size <= kMaxAdoptable;
      if (fits) {
        candidates_.push_back(file);
      } else {
        found_.unusable.push_back(file.id);
      }
    }
  }

  UnindexedPacks run(const std::function<bool()>& alone, bool dry_run,
                     const std::stop_token& stop) {
    if (candidates_.empty()) return std::move(found_);
    if (!alone()) return {};
    const auto threads = std::min<std::size_t>(worker_count(), candidates_.size());
    TaskScope scope(stop);
    scope.spawn("adopt packs", static_cast<unsigned>(threads),
                [this](const std::stop_token& token) { work(token); });
    scope.join();
    for (const IndexedPack& pack : adopted_) {
      index_.add_pack(pack);
      found_.adopted.push_back(pack.pack);
    }
    if (!adopted_.empty() && !dry_run) {
      repository_.backend().barrier();
      save_index_files(repository_, std::move(adopted_));
      repository_.backend().barrier();
    }
    return std::move(found_);
  }

 private:
  void work(const std::stop_token& stop) {
    Buffer file;
    for (std::size_t n = next_++; n < candidates_.size(); n = next_++) {
      check_stop(stop);
      try {
        examine(candidates_[n], file);
      } catch (const Error& e) {
        if (is_fatal(e)) throw;
        // Adoption only saves work, so this is no error: check reports the pack, prune removes it.
        note_unusable(candidates_[n].id);
      }
    }
  }

  void examine(const ListedFile& pack, Buffer& file) {
    std::vector<PackEntry> blobs = load_pack_header(repository_, pack);
    // A pack without new blobs, as an interrupted prune leaves them, is not worth reading whole in
    // every run: prune removes it.
    const bool any_new = std::any_of(blobs.begin(), blobs.end(), [&](const PackEntry& e) {
      return !index_.contains({.kind = e.kind, .id = e.id});
    });
    if (!any_new) return;
    repository_.backend().load({.kind = FileKind::pack, .id = pack.id}, kMaxAdoptable, file);
    if (sha256(file.view()) != pack.id) {
      note_unusable(pack.id);
      return;
    }
    const std::lock_guard lock(mutex_);
    adopted_.push_back({.pack = pack.id, .blobs = std::move(blobs)});
  }

  void note_unusable(const Id& pack) {
    const std::lock_guard lock(mutex_);
    found_.unusable.push_back(pack);
  }

  const Repository& repository_;
  Index& index_;
  std::vector<ListedFile> candidates_;
  std::atomic<std::size_t> next_ = 0;
  std::mutex mutex_;  // guards the following while threads work
  std::vector<IndexedPack> adopted_;
  UnindexedPacks found_;
};

}  // namespace

UnindexedPacks adopt_unindexed_packs(const Repository& repository, Index& index,
                                     const std::function<bool()>& alone,
                                     const std::stop_token& stop, bool dry_run) {
  return Adoption(repository, index).run(alone, dry_run, stop);
}

}  // namespace medsave
