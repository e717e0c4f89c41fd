#pragma once

#include "flight_cache.hpp"

#include "medsave/par/task_scope.hpp"
#include "medsave/repo/blob_reader.hpp"

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <stop_token>
#include <vector>

namespace medsave {

/// An opened blob, which readers share.
using BlobPointer = std::shared_ptr<const Buffer>;

/// Opened data blobs, kept while there is room, and threads that load ahead of the readers.
/// Thread-safe.
class BlobStore {
 public:
  /// `capacity` in bytes.
  BlobStore(const BlobReader& reader, std::size_t capacity);

  /// Throws as BlobReader::load.
  BlobPointer get(const Id& id);

  /// Makes it likely that these, wanted soon and in this order, are there then. Neighbours in a
  /// pack are read together. Failures show when a blob is really wanted.
  void prefetch(const std::vector<Id>& ids);

 private:
  struct Piece {
    Id id = {};
    BlobLocation at = {};
    std::size_t turn = 0;  // place among those asked for
  };
  using Batch = std::vector<Piece>;  // of one pack, by offset

  [[nodiscard]] std::vector<Batch> make_batches(const std::vector<Id>& ids) const;
  void work(const std::stop_token& stop);
  void load(Batch batch) noexcept;

  const BlobReader& reader_;
  FlightCache<Id, Buffer> blobs_;
  std::mutex mutex_;  // guards waiting_
  std::condition_variable_any changed_;
  std::deque<Batch> waiting_;
  TaskScope scope_;  // last: its threads use all the above
};

}  // namespace medsave
