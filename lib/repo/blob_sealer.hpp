#pragma once

#include "medsave/base/bytes.hpp"
#include "medsave/format/compression.hpp"
#include "medsave/format/pack_header.hpp"
#include "medsave/repo/index.hpp"
#include "medsave/repo/repository.hpp"

#include <memory>
#include <mutex>
#include <vector>

namespace medsave {

/// Turns plaintext into what a pack holds: compressed, sealed, and opened again to see that it
/// survived. Reuses its memory; one thread at a time.
class BlobSealer {
 public:
  BlobSealer(const Repository& repository, CompressionLevel level, bool verify)
      : repository_(repository), compressor_(level), verify_(verify) {}

  /// The entry lacks its offset only; `sealed()` holds the bytes until the next call. Throws
  /// Error(internal) for an empty blob and when the verification fails, unsupported for a blob
  /// above 4 GiB.
  PackEntry seal_blob(const BlobRef& blob, ByteView plain);
  [[nodiscard]] ByteView sealed() const { return sealed_.view(); }
  /// Gives back the memory that only a large blob needs.
  void release_much();

 private:
  bool compress(BlobKind kind, ByteView plain);
  void verify(const BlobRef& blob, const PackEntry& entry);

  const Repository& repository_;
  Compressor compressor_;
  Decompressor decompressor_;
  bool verify_;
  Buffer sealed_;
  Buffer opened_;
  Buffer plain_;
};

/// As many sealers as threads that seal at the same time. Thread-safe.
class SealerPool {
 public:
  SealerPool(const Repository& repository, CompressionLevel level, bool verify)
      : repository_(repository), level_(level), verify_(verify) {}

  /// A sealer on loan; it goes back with the object.
  class Loan {
   public:
    explicit Loan(SealerPool& pool) : pool_(pool), sealer_(pool.take()) {}
    Loan(const Loan&) = delete;
    Loan& operator=(const Loan&) = delete;
    ~Loan() { pool_.give_back(std::move(sealer_)); }
    BlobSealer* operator->() { return sealer_.get(); }

   private:
    SealerPool& pool_;
    std::unique_ptr<BlobSealer> sealer_;
  };

 private:
  std::unique_ptr<BlobSealer> take();
  void give_back(std::unique_ptr<BlobSealer> sealer) noexcept;

  const Repository& repository_;
  const CompressionLevel level_;
  const bool verify_;
  std::mutex mutex_;  // guards idle_
  std::vector<std::unique_ptr<BlobSealer>> idle_;
};

}  // namespace medsave
