#include "blob_sink.hpp"

#include "medsave/crypto/sha256.hpp"
#include "medsave/format/compression.hpp"

#include <mutex>
#include <unordered_set>
#include <utility>
#include <vector>

namespace medsave {
namespace {

class RepositorySink : public BlobSink {
 public:
  RepositorySink(const Repository& repository, Index& index, const BlobWriterOptions& options,
                 std::stop_token stop)
      : writer_(repository, index, options, std::move(stop)) {}

  SavedBlob save(BlobKind kind, ByteView plain) override { return writer_.save(kind, plain); }
  SavedBlob save(const BlobRef& blob, ByteView plain) override { return writer_.save(blob, plain); }
  SavedBlob save_again(const BlobRef& blob, ByteView plain) override {
    return writer_.save_again(blob, plain);
  }
  void finish() override { writer_.finish(); }
  [[nodiscard]] BlobWriterStats stats() const override { return writer_.stats(); }

 private:
  BlobWriter writer_;
};

constexpr std::size_t kSealOverhead = 32;  // nonce and tag of one blob

class CountingSink : public BlobSink {
 public:
  CountingSink(const Index& index, CompressionLevel level) : index_(index), level_(level) {}

  SavedBlob save(BlobKind kind, ByteView plain) override {
    return save(BlobRef{.kind = kind, .id = sha256(plain)}, plain);
  }

  SavedBlob save(const BlobRef& blob, ByteView plain) override {
    if (index_.contains(blob) || !claim(blob)) return {.id = blob.id};
    return save_again(blob, plain);
  }

  SavedBlob save_again(const BlobRef& blob, ByteView plain) override {
    const std::size_t stored = stored_length(plain);
    const std::lock_guard lock(mutex_);
    ++(blob.kind == BlobKind::tree ? stats_.tree_blobs : stats_.data_blobs);
    stats_.plain_bytes += plain.size();
    stats_.packed_bytes += stored;
    return {.id = blob.id, .is_new = true, .stored_length = static_cast<std::uint32_t>(stored)};
  }

  void finish() override {}

  [[nodiscard]] BlobWriterStats stats() const override {
    const std::lock_guard lock(mutex_);
    return stats_;
  }

 private:
  bool claim(const BlobRef& blob) {
    const std::lock_guard lock(mutex_);
    return claimed_[blob.kind == BlobKind::tree ? 1 : 0].insert(blob.id).second;
  }

  /// In the pack, with the header entry.
  std::size_t stored_length(ByteView plain) const {
    thread_local Compressor compressor(level_);
    thread_local Buffer frame;
    frame.clear();
    if (compressor.compress(plain, frame)) {
      return frame.size() + kSealOverhead + kPackEntrySizeCompressed;
    }
    return plain.size() + kSealOverhead + kPackEntrySize;
  }

  const Index& index_;
  const CompressionLevel level_;
  mutable std::mutex mutex_;  // guards claimed_, stats_
  std::unordered_set<Id> claimed_[2];
  BlobWriterStats stats_;
};

}  // namespace

std::unique_ptr<BlobSink> make_repository_sink(const Repository& repository, Index& index,
                                               const BlobWriterOptions& options,
                                               std::stop_token stop) {
  return std::make_unique<RepositorySink>(repository, index, options, std::move(stop));
}

std::unique_ptr<BlobSink> make_counting_sink(const Index& index, const BlobWriterOptions& options) {
  return std::make_unique<CountingSink>(index, options.compression);
}

}  // namespace medsave
