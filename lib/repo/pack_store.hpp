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

/// Stores packs on threads of its own and writes index files about what a barrier has made
/// durable. The first failure ends it; everybody is told. Thread-safe.
class PackStore {
 public:
  /// Takes a pack that is in the repository, and the memory it stood in unless the backend has
  /// kept that. Called on any thread.
  using OnStored = std::function<void(const IndexedPack& pack, Buffer memory)>;
  PackStore(const Repository& repository, std::chrono::seconds index_interval, OnStored on_stored);
  /// Drops what is not stored.
  ~PackStore() = default;
  PackStore(const PackStore&) = delete;
  PackStore& operator=(const PackStore&) = delete;

  /// Takes the pack over, but first waits while as many are in memory as can be stored at a time
  /// (each has 16 MiB). Throws Interrupted (the pack is taken all the same) and what check()
  /// throws.
  void add(FinishedPack pack, const std::stop_token& stop);
  /// Takes the pack over without waiting.
  void add_last(FinishedPack pack);
  /// Whether the target could take more than it gets: it has stored packs and has none in hand.
  [[nodiscard]] bool target_waits() const;
  /// The packs that are in the repository, the first stored first.
  [[nodiscard]] std::vector<Id> stored() const;
  /// Throws the first failure.
  void check() const;
  /// Ends everything with the current exception.
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
  const unsigned most_;  // threads, hence packs on their way

  mutable std::mutex mutex_;  // guards all below but failed_, threads_
  std::condition_variable_any changed_;
  std::deque<FinishedPack> waiting_;
  unsigned busy_ = 0;  // threads with a pack or an index file in hand
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
