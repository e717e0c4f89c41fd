#pragma once

#include "medsave/base/bytes.hpp"
#include "medsave/base/progress.hpp"
#include "medsave/format/compression.hpp"
#include "medsave/repo/index.hpp"
#include "medsave/repo/prepared_blob.hpp"
#include "medsave/repo/repository.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <vector>

namespace medsave {

/// How a BlobWriter compresses, packs and checks.
struct BlobWriterOptions {
  CompressionLevel compression = CompressionLevel::automatic;
  /// While the repository waits for packs, compress only data that shrinks by a sixth or more: then
  /// the processor is the bottleneck. Contents and ids of blobs do not depend on this.
  bool spare_processor = false;
  /// Store every blob compressed, even if that makes it a few bytes longer: otherwise a later run
  /// that looks for uncompressed blobs would try it again.
  bool always_compress = false;
  std::uint64_t pack_size = 16ULL << 20;  // bytes, 4..128 MiB
  bool extra_verify = true;               // open and hash every sealed blob before storing it
  std::chrono::seconds index_interval = std::chrono::seconds(120);
  Progress* progress = nullptr;  // counts what is packed, queued and sent; outlives the writer
};

struct SavedBlob {
  Id id = {};
  bool is_new = false;
  std::uint32_t stored_length = 0;  // bytes in the pack with its header entry; 0 if not new
};

/// Totals of what one writer stored.
struct BlobWriterStats {
  std::uint64_t data_blobs = 0;
  std::uint64_t tree_blobs = 0;
  std::uint64_t plain_bytes = 0;
  std::uint64_t packed_bytes = 0;  // sealed blobs, header entries and pack trailers
};

/// Turns blobs into packs, packs into index files. Compression, sealing and verification run on
/// the calling threads; finished packs are stored by threads of its own (as many as the backend
/// has connections), so callers wait only when those fall behind.
///
/// A blob is hashed, looked up, compressed (then it is a PreparedBlob, which several writers can
/// store), sealed, and opened and hashed again to verify it:
///
///   save()           hash -> look up -> compress -> seal -> verify -> pack
///   save_prepared()          look up             -> seal -> verify -> pack
///
/// Data and trees have two open packs each; a new blob goes to one of the two at random, which
/// hides chunk lengths from an observer (medsave-repository(5), "How packs are filled"). Invariant:
/// an index file names only packs that a barrier has made durable.
class BlobWriter {
 public:
  /// `index` learns each pack once it is stored. Both outlive the writer.
  BlobWriter(const Repository& repository, Index& index, const BlobWriterOptions& options,
             std::stop_token stop);
  /// Drops what finish() did not store.
  ~BlobWriter();
  BlobWriter(const BlobWriter&) = delete;
  BlobWriter& operator=(const BlobWriter&) = delete;

  /// Stores the blob unless it is known or another caller has claimed it in this run. Thread-safe.
  /// Throws what the storing threads met, Error(internal) for an empty blob (pack readers refuse
  /// it) and when this or an earlier blob fails the verification (bad memory), Interrupted.
  SavedBlob save(BlobKind kind, ByteView plain);
  /// The same for a caller that has hashed it already.
  SavedBlob save(const BlobRef& blob, ByteView plain);
  /// The same for one that has been compressed as well, perhaps for several repositories. It is
  /// stored as it is when it has no frame, or the repository is of version 1. Borrows the bytes for
  /// the call.
  SavedBlob save_prepared(const PreparedBlob& blob);
  /// What compression of the next blob must gain to be worth its time here; std::nullopt when the
  /// repository is of version 1, which has no compression. A blob for several repositories is
  /// prepared with the least value that any of them returns. Thread-safe.
  [[nodiscard]] std::optional<LeastGain> least_gain() const;

  /// For moving blobs to other packs: stores one that the index knows already. The caller sees to
  /// it that each comes once. Thread-safe; throws as save() does.
  SavedBlob save_again(const BlobRef& blob, ByteView plain);
  /// The same for the sealed bytes of a blob from another pack, which the caller has opened and
  /// verified. The offset of `entry` does not matter.
  void save_sealed_again(const PackEntry& entry, ByteView sealed);

  /// Whether save() would store nothing. Thread-safe.
  [[nodiscard]] bool knows(const BlobRef& blob) const;

  /// Stores the unfinished packs, waits for all, makes them durable, writes the remaining index
  /// and makes that durable too. Also the right call after an interruption: works although the
  /// stop token is stopped, and indexes everything that reached the repository.
  void finish();

  [[nodiscard]] BlobWriterStats stats() const;
  /// The packs that have reached the repository so far, the first stored first; after finish() all,
  /// and only then surely durable. Thread-safe.
  [[nodiscard]] std::vector<Id> stored_packs() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace medsave
