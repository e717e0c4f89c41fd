#pragma once

#include "medsave/base/bytes.hpp"
#include "medsave/repo/blob_writer.hpp"

#include <memory>
#include <optional>
#include <stop_token>

namespace medsave {

/// Where a backup puts its blobs in one destination. Thread-safe except finish().
class BlobSink {
 public:
  virtual ~BlobSink() = default;

  virtual SavedBlob save(BlobKind kind, ByteView plain) = 0;
  /// For a caller that knows the id already.
  virtual SavedBlob save(const BlobRef& blob, ByteView plain) = 0;
  /// For one that has been compressed as well, with the least gain that this sink asks for or less.
  virtual SavedBlob save_prepared(const PreparedBlob& blob) = 0;
  /// As those of BlobWriter.
  [[nodiscard]] virtual bool knows(const BlobRef& blob) const = 0;
  [[nodiscard]] virtual std::optional<LeastGain> least_gain() const = 0;
  /// Also where the repository seems to have it. The caller sees to it that each comes once.
  virtual SavedBlob save_again(const BlobRef& blob, ByteView plain) = 0;
  /// Makes everything stored so far durable and indexed; also after an interruption.
  virtual void finish() = 0;
  [[nodiscard]] virtual BlobWriterStats stats() const = 0;
};

/// Into the repository.
std::unique_ptr<BlobSink> make_repository_sink(const Repository& repository, Index& index,
                                               const BlobWriterOptions& options,
                                               std::stop_token stop);

/// Counts what a backup would store, and stores nothing (`--dry-run`).
std::unique_ptr<BlobSink> make_counting_sink(const Repository& repository, const Index& index,
                                             const BlobWriterOptions& options);

}  // namespace medsave
