#pragma once

// How a blob gets into the repository, and out of it again (private headers are in lib/repo):
//
//   chunk of a file, or JSON of a folder
//     |  SHA-256; no further if the index or another caller has it       BlobWriter::save()
//     |  zstd                                                            BlobPreparer
//     v
//   PreparedBlob
//     |  bytes reserved in one of the two open packs, chosen at random   OpenPacks, PackBuilder
//     |  AES-256-CTR and Poly1305, into the reserved bytes               BlobSealer::seal()
//     |  opened, decompressed and hashed again; committed                BlobSealer
//     v
//   FinishedPack, once it has 16 MiB: blobs, sealed header, length
//     |  Backend::save()                                                 PackStore
//     |  added to the Index in memory: other callers find the blob       Index::add_pack()
//     |  Backend::barrier(): now the pack is durable                     PackStore
//     |  index file that lists the pack                                  save_index_files()
//     |  Backend::barrier(): now the index file is durable               BlobWriter::finish()
//     v
//   snapshot file, whose tree leads to the blob                          Repository::save_json()
//
// Index -> pack, offset, length -> Backend::load_range() -> opened, decompressed, compared with
// its id; on failure the next copy of the blob                           BlobReader::load()

#include "medsave/base/bytes.hpp"
#include "medsave/format/compression.hpp"
#include "medsave/repo/index.hpp"

#include <optional>

namespace medsave {

/// A blob that has been hashed and compressed, but is not sealed yet: what depends on its content
/// alone and on no repository's key, so that one reading serves several repositories (see
/// BlobWriter::save_prepared()). Borrows its bytes, which must live as long as it is used.
struct PreparedBlob {
  BlobRef ref = {};
  ByteView plain = {};  // 1 byte to almost 4 GiB
  /// One zstd frame of all of `plain`; empty when the blob is to be stored as it is.
  ByteView frame = {};
};

/// Throws Error(internal) for an empty blob (pack readers refuse it), Error(unsupported) for one
/// that is too large for the repository format.
void check_blob_size(const BlobRef& blob, ByteView plain);

/// Compresses blobs for the repositories that they go to. One thread at a time; several can have
/// one each.
class BlobPreparer {
 public:
  explicit BlobPreparer(CompressionLevel level) : compressor_(level) {}

  /// For a blob that has been hashed and that a repository lacks: look it up first (see
  /// BlobWriter::knows()), because compression costs the most. `least` is what the repositories ask
  /// for (see BlobWriter::least_gain()): without a value there is no frame; with any, trees always
  /// have one. The frame replaces the content of `frame`. The result borrows `plain` and `frame`.
  /// Throws as check_blob_size().
  PreparedBlob prepare(const BlobRef& blob, ByteView plain, std::optional<LeastGain> least,
                       Buffer& frame);

 private:
  Compressor compressor_;
};

}  // namespace medsave
