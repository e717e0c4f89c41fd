#include "pack_store.hpp"

#include "medsave/backend/cache_backend.hpp"
#include "medsave/base/error.hpp"
#include "medsave/repo/index_files.hpp"

#include <algorithm>
#include <utility>

namespace medsave {
namespace {

constexpr unsigned kMostStoring = 3;  // packs; each is 16 MiB of memory, and they fill a line

}  // namespace

PackStore::PackStore(const Repository& repository, std::chrono::seconds index_interval,
                     OnStored on_stored)
    : repository_(repository),
      index_interval_(index_interval),
      on_stored_(std::move(on_stored)),
      most_(std::clamp(repository.backend().connections(), 1U, kMostStoring)),
      threads_(std::stop_token()) {  // an interruption must not lose packs that are complete
  threads_.spawn("store packs", most_, [this](const std::stop_token& stop) { run(stop); });
}

void PackStore::add(FinishedPack pack, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, stop, [&] { return failure_ || waiting_.size() + busy_ < most_; });
  if (failure_) std::rethrow_exception(failure_);
  waiting_.push_back(std::move(pack));
  lock.unlock();
  changed_.notify_all();
  check_stop(stop);
}

void PackStore::add_last(FinishedPack pack) {
  {
    const std::lock_guard lock(mutex_);
    if (failure_) std::rethrow_exception(failure_);
    waiting_.push_back(std::move(pack));
  }
  changed_.notify_all();
}

bool PackStore::target_waits() const {
  const std::lock_guard lock(mutex_);
  return !stored_.empty() && busy_ == 0 && waiting_.empty();
}

std::vector<Id> PackStore::stored() const {
  const std::lock_guard lock(mutex_);
  return stored_;
}

void PackStore::check() const {
  if (!failed_.load(std::memory_order_acquire)) return;
  const std::lock_guard lock(mutex_);
  std::rethrow_exception(failure_);
}

void PackStore::fail(std::exception_ptr error) noexcept {
  {
    const std::lock_guard lock(mutex_);
    if (!failure_) failure_ = std::move(error);
    failed_.store(true, std::memory_order_release);
  }
  changed_.notify_all();
}

void PackStore::finish() {
  std::vector<IndexedPack> packs;
  bool index_saved = false;
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return failure_ || (waiting_.empty() && busy_ == 0); });
    if (failure_) std::rethrow_exception(failure_);
    packs = take_unindexed();
    index_saved = std::exchange(barrier_needed_, false);
  }
  try {
    if (!packs.empty()) {
      publish(std::move(packs));
      index_saved = true;
    }
    if (index_saved) repository_.backend().barrier();
  } catch (...) {
    fail(std::current_exception());
    throw;
  }
}

void PackStore::run(const std::stop_token& stop) {
  try {
    while (std::optional<FinishedPack> pack = next(stop)) store(std::move(*pack));
  } catch (...) {
    fail(std::current_exception());
  }
}

std::optional<FinishedPack> PackStore::next(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, stop, [&] { return failure_ || !waiting_.empty(); });
  if (stop.stop_requested() || failure_) return std::nullopt;
  std::optional<FinishedPack> pack(std::move(waiting_.front()));
  waiting_.pop_front();
  ++busy_;
  lock.unlock();
  changed_.notify_all();
  return pack;
}

void PackStore::store(FinishedPack pack) {
  IndexedPack stored{.pack = pack.id, .blobs = std::move(pack.entries)};
  CacheBackend* cache = repository_.cache();
  if (cache != nullptr && stored.blobs.front().kind == BlobKind::tree) {
    cache->note_tree_pack(stored.pack);  // the next backup reads it
  }
  repository_.backend().save({.kind = FileKind::pack, .id = stored.pack}, std::move(pack.bytes));
  on_stored_(stored, std::move(pack.bytes));

  std::vector<IndexedPack> due;
  {
    const std::lock_guard lock(mutex_);
    stored_.push_back(stored.pack);
    if (unindexed_.empty()) oldest_unindexed_ = std::chrono::steady_clock::now();
    unindexed_blobs_ += stored.blobs.size();
    unindexed_.push_back(std::move(stored));
    if (index_due()) {
      indexing_ = true;
      due = take_unindexed();
    }
  }
  if (!due.empty()) publish(std::move(due));
  {
    const std::lock_guard lock(mutex_);
    --busy_;
  }
  changed_.notify_all();
}

std::vector<IndexedPack> PackStore::take_unindexed() {
  unindexed_blobs_ = 0;
  return std::exchange(unindexed_, {});
}

bool PackStore::index_due() const {
  if (indexing_) return false;
  return unindexed_blobs_ >= kBlobsPerIndexFile ||
         std::chrono::steady_clock::now() - oldest_unindexed_ >= index_interval_;
}

/// Indexes packs whose save() has returned. The barrier comes after they were collected, so it
/// covers every one of them.
void PackStore::publish(std::vector<IndexedPack> packs) {
  repository_.backend().barrier();
  save_index_files(repository_, std::move(packs));
  const std::lock_guard lock(mutex_);
  indexing_ = false;
  barrier_needed_ = true;
}

}  // namespace medsave
