#pragma once

#include "open_packs.hpp"

#include "medsave/base/bytes.hpp"
#include "medsave/crypto/seal.hpp"
#include "medsave/crypto/sha256.hpp"
#include "medsave/format/compression.hpp"
#include "medsave/format/pack_header.hpp"
#include "medsave/repo/index.hpp"
#include "medsave/repo/prepared_blob.hpp"
#include "medsave/repo/repository.hpp"

#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace medsave {

/// Seals prepared blobs into the bytes that a pack has reserved for them, and opens them again to
/// verify them. The hash of what was opened is computed side by side with that of the next
/// plaintext (see Sha256Job), so a blob is committed some calls after it was sealed. One thread at
/// a time.
class BlobSealer {
 public:
  /// Where the blobs go. Thread-safe.
  class Packs {
   public:
    Packs() = default;
    Packs(const Packs&) = delete;
    Packs& operator=(const Packs&) = delete;
    virtual OpenPacks::Reservation reserve(const PackEntry& entry) = 0;
    /// Called once the blob written to the reserved bytes has been verified.
    virtual void commit(BlobKind kind, const OpenPacks::Reservation& reservation) = 0;
    /// As OpenPacks::hash_alongside().
    virtual void hash_alongside(Sha256Job& job) = 0;
    /// What compression of the next blob must gain; std::nullopt: it is not to be compressed.
    [[nodiscard]] virtual std::optional<LeastGain> least_gain() const = 0;

   protected:
    ~Packs() = default;
  };

  BlobSealer(const Repository& repository, CompressionLevel level, bool verify, Packs& packs)
      : repository_(repository), preparer_(level), verify_(verify), packs_(packs) {}

  /// SHA-256 of `plain`. Like seal() and finish() it verifies and commits blobs of earlier calls;
  /// they throw what that throws, and Error(internal) when a blob is not what was sealed (bad
  /// memory).
  Id hash(ByteView plain);
  /// Compresses a blob for these packs alone. The result borrows `plain`, and memory of this
  /// object until the next call. Throws as check_blob_size().
  PreparedBlob prepare(const BlobRef& blob, ByteView plain) {
    return preparer_.prepare(blob, plain, packs_.least_gain(), frame_);
  }
  /// Seals the blob into a pack. The entry returned is complete but for its offset. Throws also as
  /// check_blob_size().
  PackEntry seal(const PreparedBlob& blob);
  /// Verifies and commits all blobs that wait for it.
  void finish();

 private:
  /// A sealed blob that has been opened again, but whose hash has not been compared yet.
  struct Sealed {
    PackEntry entry = {};
    OpenPacks::Reservation reservation = {};
    Buffer opened = {};  // what the job hashes
    Sha256Job job;
  };

  Buffer open_again(const PackEntry& entry, ByteView sealed);
  void verify_first();
  void commit_first();
  [[nodiscard]] bool too_many_wait() const;
  Buffer take_buffer();
  void give_back(Buffer buffer);

  const Repository& repository_;
  BlobPreparer preparer_;
  Decompressor decompressor_;
  const bool verify_;
  Packs& packs_;
  std::deque<Sealed> waiting_;
  Buffer frame_;  // compressed form of the blob that is being sealed or verified
  std::vector<Buffer> spare_;
};

/// Sealers, one for each thread that seals at the same time. Thread-safe.
class SealerPool {
 public:
  SealerPool(const Repository& repository, CompressionLevel level, bool verify,
             BlobSealer::Packs& packs)
      : repository_(repository), level_(level), verify_(verify), packs_(packs) {}

  /// A sealer for one thread; it goes back to the pool with the object.
  class Lease {
   public:
    explicit Lease(SealerPool& pool) : pool_(pool), sealer_(pool.take()) {}
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    ~Lease() { pool_.give_back(std::move(sealer_)); }
    BlobSealer* operator->() { return sealer_.get(); }
    BlobSealer& operator*() { return *sealer_; }

   private:
    SealerPool& pool_;
    std::unique_ptr<BlobSealer> sealer_;
  };

  /// Calls finish() of every sealer. There must be no lease.
  void finish();

 private:
  std::unique_ptr<BlobSealer> take();
  void give_back(std::unique_ptr<BlobSealer> sealer) noexcept;

  const Repository& repository_;
  const CompressionLevel level_;
  const bool verify_;
  BlobSealer::Packs& packs_;
  std::mutex mutex_;  // guards idle_
  // A queue, so that the sealers are used in turn: a blob that waits in an idle one would keep its
  // pack from being completed.
  std::deque<std::unique_ptr<BlobSealer>> idle_;
};

}  // namespace medsave
