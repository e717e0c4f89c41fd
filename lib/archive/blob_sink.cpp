#include "blob_sink.hpp"

#include "medsave/crypto/sha256.hpp"
#include "medsave/format/compression.hpp"
#include "medsave/format/pack_header.hpp"

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
  SavedBlob save_prepared(const PreparedBlob& blob) override { return writer_.save_prepared(blob); }
  [[nodiscard]] bool knows(const BlobRef& blob) const override { return writer_.knows(blob); }
  [[nodiscard]] std::optional<LeastGain> least_gain() const override {
    return writer_.least_gain();
  }
  SavedBlob save_again(const BlobRef& blob, ByteView plain) override {
    return writer_.save_again(blob, plain);
  }
  void finish() override { writer_.finish(); }
  [[nodiscard]] BlobWriterStats stats() const override { return writer_.stats(); }

 private:
  BlobWriter writer_;
};

class CountingSink : public BlobSink {
 public:
  CountingSink(const Repository& repository, const Index& index, CompressionLevel level)
      : compresses_(repository.config().version >= 2), index_(index), level_(level) {}

  SavedBlob save(BlobKind kind, ByteView plain) override {
    return save(BlobRef{.kind = kind, .id = sha256(plain)}, plain);
  }

  SavedBlob save(const BlobRef& blob, ByteView plain) override {
    if (index_.contains(blob) || !claim(blob)) return {.id = blob.id};
    return save_again(blob, plain);
  }

  SavedBlob save_prepared(const PreparedBlob& blob) override {
    if (index_.contains(blob.ref) || !claim(blob.ref)) return {.id = blob.ref.id};
    return count(blob.ref, blob.plain, stored_length(blob.plain, blob.frame));
  }

  [[nodiscard]] bool knows(const BlobRef& blob) const override {
    if (index_.contains(blob)) return true;
    const std::lock_guard lock(mutex_);
    return claimed_[blob.kind == BlobKind::tree ? 1 : 0].contains(blob.id);
  }

  [[nodiscard]] std::optional<LeastGain> least_gain() const override {
    return compresses_ ? std::optional(LeastGain::anything) : std::nullopt;
  }

  SavedBlob save_again(const BlobRef& blob, ByteView plain) override {
    return count(blob, plain, compress_and_measure(plain));
  }

  void finish() override {}

  [[nodiscard]] BlobWriterStats stats() const override {
    const std::lock_guard lock(mutex_);
    return stats_;
  }

 private:
  SavedBlob count(const BlobRef& blob, ByteView plain, std::size_t stored) {
    const std::lock_guard lock(mutex_);
    ++(blob.kind == BlobKind::tree ? stats_.tree_blobs : stats_.data_blobs);
    stats_.plain_bytes += plain.size();
    stats_.packed_bytes += stored;
    return {.id = blob.id, .is_new = true, .stored_length = static_cast<std::uint32_t>(stored)};
  }

  bool claim(const BlobRef& blob) {
    const std::lock_guard lock(mutex_);
    return claimed_[blob.kind == BlobKind::tree ? 1 : 0].insert(blob.id).second;
  }

  /// In the pack, with the header entry.
  static std::size_t stored_length(ByteView plain, ByteView frame) {
    const std::size_t content = frame.empty() ? plain.size() : frame.size();
    return content + kSealOverhead + pack_entry_size(!frame.empty());
  }

  std::size_t compress_and_measure(ByteView plain) const {
    thread_local Compressor compressor(level_);
    thread_local Buffer frame;
    frame.clear();
    if (compresses_) compressor.compress(plain, frame);
    return stored_length(plain, frame.view());
  }

  const bool compresses_;
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

std::unique_ptr<BlobSink> make_counting_sink(const Repository& repository, const Index& index,
                                             const BlobWriterOptions& options) {
  return std::make_unique<CountingSink>(repository, index, options.compression);
}

}  // namespace medsave
