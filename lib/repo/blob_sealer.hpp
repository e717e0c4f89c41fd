#pragma once

#include "open_packs.hpp"

#include "medsave/base/bytes.hpp"
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

/// Turns prepared blobs into what a pack holds: sealed to where it stands in the pack, and opened
/// again to see that it survived. The hash of what was opened is computed side by side with that of
/// the next plaintext (see Sha256Job), so a blob is delivered some calls after it went in.
/// One thread at a time.
class BlobSealer {
 public:
  /// Where the blobs go. Thread-safe.
  class Packs {
   public:
    Packs() = default;
    Packs(const Packs&) = delete;
    Packs& operator=(const Packs&) = delete;
    virtual OpenPacks::Room make_room(const PackEntry& entry) = 0;
    /// Takes a blob back that stands there and is right.
    virtual void deliver(BlobKind kind, const OpenPacks::Room& room) = 0;
    /// Hashes `job`, unless it is done, side by side with something else, as far as that goes.
    virtual void accompany(Sha256Job& job) = 0;
    /// What compression of the next blob must gain; std::nullopt: it is not to be compressed.
    [[nodiscard]] virtual std::optional<LeastGain> least_gain() const = 0;

   protected:
    ~Packs() = default;
  };

  BlobSealer(const Repository& repository, CompressionLevel level, bool verify, Packs& packs)
      : repository_(repository), preparer_(level), verify_(verify), packs_(packs) {}

  /// SHA-256 of `plain`. Like seal() and finish() it delivers blobs of earlier calls; they throw
  /// what that throws, and Error(internal) when a blob is not what went in (bad memory).
  Id hash(ByteView plain);
  /// Compresses a blob for these packs alone. The result borrows `plain`, and memory of this
  /// object until the next call. Throws as check_blob_size().
  PreparedBlob prepare(const BlobRef& blob, ByteView plain) {
    return preparer_.prepare(blob, plain, packs_.least_gain(), frame_);
  }
  /// The entry lacks its offset only. Throws also as check_blob_size().
  PackEntry seal(const PreparedBlob& blob);
  /// Delivers all that were sealed.
  void finish();

 private:
  /// A blob whose hash is not known to be right yet.
  struct Sealed {
    PackEntry entry = {};
    OpenPacks::Room room = {};
    Buffer opened = {};  // what the job hashes
    Sha256Job job;
  };

  Buffer open_again(const PackEntry& entry, ByteView sealed);
  void verify_first();
  void deliver_first();
  [[nodiscard]] bool too_many_wait() const;
  Buffer take_buffer();
  void give_back(Buffer buffer);

  const Repository& repository_;
  BlobPreparer preparer_;
  Decompressor decompressor_;
  const bool verify_;
  Packs& packs_;
  std::deque<Sealed> waiting_;
  Buffer frame_;  // of the blob in hand, on its way to or from its sealed form
  std::vector<Buffer> spare_;
};

/// As many sealers as threads that seal at the same time. Thread-safe.
class SealerPool {
 public:
  SealerPool(const Repository& repository, CompressionLevel level, bool verify,
             BlobSealer::Packs& packs)
      : repository_(repository), level_(level), verify_(verify), packs_(packs) {}

  /// A sealer on loan; it goes back with the object.
  class Loan {
   public:
    explicit Loan(SealerPool& pool) : pool_(pool), sealer_(pool.take()) {}
    Loan(const Loan&) = delete;
    Loan& operator=(const Loan&) = delete;
    ~Loan() { pool_.give_back(std::move(sealer_)); }
    BlobSealer* operator->() { return sealer_.get(); }
    BlobSealer& operator*() { return *sealer_; }

   private:
    SealerPool& pool_;
    std::unique_ptr<BlobSealer> sealer_;
  };

  /// finish() of every sealer; none may be on loan.
  void finish();

 private:
  std::unique_ptr<BlobSealer> take();
  void give_back(std::unique_ptr<BlobSealer> sealer) noexcept;

  const Repository& repository_;
  const CompressionLevel level_;
  const bool verify_;
  BlobSealer::Packs& packs_;
  std::mutex mutex_;  // guards idle_
  // Taken in turn: a pack cannot be completed while one of its blobs waits in a sealer.
  std::deque<std::unique_ptr<BlobSealer>> idle_;
};

}  // namespace medsave
