#pragma once

#include "blob_sink.hpp"
#include "previous_nodes.hpp"

#include <atomic>
#include <cstddef>
#include <exception>
#include <memory>
#include <mutex>
#include <set>
#include <utility>
#include <vector>

namespace medsave {

/// Stores each blob in all destinations of a backup: it is hashed and compressed once, then looked
/// up and sealed in each of them. A destination that fails is left out from then on, and the others
/// go on; the failure of the last one is thrown. Thread-safe except finish().
class FanOut {
 public:
  /// At least one. `level`: how blobs are compressed when there are several.
  FanOut(std::vector<std::unique_ptr<BlobSink>> sinks, CompressionLevel level);

  [[nodiscard]] std::size_t size() const { return sinks_.size(); }

  /// Returns what it cost in the first destination.
  SavedBlob save(BlobKind kind, ByteView plain);
  /// For a caller that knows the id already.
  SavedBlob save(const BlobRef& blob, ByteView plain);
  /// Destinations in `anew` store it once more although they seem to have it.
  SavedBlob save_anew(const BlobRef& blob, ByteView plain, const DestinationSet& anew);

  /// Whether a destination takes part still.
  [[nodiscard]] bool works(std::size_t destination) const { return !failed_[destination]; }
  /// Leaves out a destination. False when it was the last: nothing is stored any more.
  bool fail(std::size_t destination, const std::exception_ptr& failure);
  /// What a destination failed by; nullptr while it works.
  [[nodiscard]] std::exception_ptr failure(std::size_t destination) const;
  /// Throws when all destinations have failed: what the last one failed by.
  void require_any() const;

  /// Makes what one destination has stored durable and indexed, whether it works or not. Throws.
  void finish(std::size_t destination) { sinks_[destination]->finish(); }
  [[nodiscard]] BlobWriterStats stats(std::size_t destination) const {
    return sinks_[destination]->stats();
  }

 private:
  template <typename Work>
  void in_each(const Work& work);
  SavedBlob save_in_several(const BlobRef& blob, ByteView plain);

  /// What compresses a blob; kept for the next one.
  struct Preparer {
    explicit Preparer(CompressionLevel level) : preparer(level) {}
    BlobPreparer preparer;
    Buffer frame = {};
  };
  std::unique_ptr<Preparer> take_preparer();

  const std::vector<std::unique_ptr<BlobSink>> sinks_;
  const CompressionLevel level_;
  std::vector<std::atomic<bool>> failed_;
  mutable std::mutex mutex_;  // guards what follows
  std::vector<std::exception_ptr> failures_;
  std::exception_ptr last_failure_;  // set when no destination works any more
  std::set<std::pair<std::size_t, Id>> stored_anew_;
  std::vector<std::unique_ptr<Preparer>> preparers_;
};

}  // namespace medsave
