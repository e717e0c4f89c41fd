#pragma once

#include "pack_builder.hpp"

#include "medsave/base/bytes.hpp"
#include "medsave/format/index_file.hpp"
#include "medsave/format/pack_header.hpp"
#include "medsave/par/task_scope.hpp"
#include "medsave/repo/repository.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <vector>

namespace medsave {

/// Stores packs on threads of its own and writes index files about what a barrier has made durable.
/// After the first failure nothing more is stored, and every call throws that failure. Thread-safe.
class PackStore {
 public:
  /// Called, on any thread, for each pack that has been stored, with its memory for another use
  /// (empty if the backend has kept that).
  using OnStored = std::function<void(const IndexedPack& pack, Buffer memory)>;
  PackStore(const Repository& repository, std::chrono::seconds index_interval, OnStored on_stored);
  /// Drops the packs that are not stored.
  ~PackStore() = default;
  PackStore(const PackStore&) = delete;
  PackStore& operator=(const PackStore&) = delete;

  /// Queues a pack. Waits first while as many are in memory (16 MiB each) as can be stored at a
  /// time. Throws Interrupted, although the pack is queued, and what check() throws.
  void add(FinishedPack pack, const std::stop_token& stop);
  /// Queues a pack without waiting.
  void add_last(FinishedPack pack);
  /// Whether the repository could store more than it is given: packs have been stored, and none is
  /// queued or being stored.
  [[nodiscard]] bool target_waits() const;
  /// The packs that have been stored, in the order of storing.
  [[nodiscard]] std::vector<Id> stored() const;
  /// Throws the first failure.
  void check() const;
  /// Makes `error` the failure, unless there is one.
  void fail(std::exception_ptr error) noexcept;
  /// Waits until all packs are stored, durable and durably indexed.
  void finish();

 private:
  using Time = std::chrono::steady_clock::time_point;

  void run(const std::stop_token& stop);
  std::optional<FinishedPack> next(const std::stop_token& stop);
  void store(FinishedPack pack);
  std::vector<IndexedPack> take_unindexed();
  [[nodiscard]] bool index_due() const;
  void publish(std::vector<IndexedPack> packs);

  const Repository& repository_;
  const std::chrono::seconds index_interval_;
  const OnStored on_stored_;
  const unsigned most_;  // threads, and packs in memory

  mutable std::mutex mutex_;  // guards all below but failed_, threads_
  std::condition_variable_any changed_;
  std::deque<FinishedPack> waiting_;
  unsigned busy_ = 0;  // threads that store a pack or an index file
  std::vector<Id> stored_;
  std::vector<IndexedPack> unindexed_;  // stored, in no index file
  std::size_t unindexed_blobs_ = 0;
  Time oldest_unindexed_ = {};
  bool indexing_ = false;        // one thread at a time
  bool barrier_needed_ = false;  // an index file was saved and may not be durable
  std::exception_ptr failure_;
  std::atomic<bool> failed_ = false;
  TaskScope threads_;  // last: they use everything above
};

}  // namespace medsave
