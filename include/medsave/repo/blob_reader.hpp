#pragma once

#include "medsave/base/error.hpp"
#include "medsave/repo/index.hpp"
#include "medsave/repo/repository.hpp"

namespace medsave {

/// Decrypts and decompresses one blob that was read from a pack; the caller compares its hash with
/// its name. Reuses `plain`. Throws Error(corrupt) naming what does not fit (MAC, compression,
/// length). Thread-safe: contexts are per thread.
void decode_blob(const Repository& repository, ByteView sealed, std::uint32_t plain_length,
                 Buffer& plain);

/// Decrypts, decompresses and verifies one blob that was read from a pack. Reuses `plain`.
/// Throws Error(corrupt) as decode_blob() does, and for the hash. Thread-safe.
void open_blob(const Repository& repository, const BlobRef& blob, ByteView sealed,
               std::uint32_t plain_length, Buffer& plain);

/// The error of open_blob() for a copy that was read at `at`, with the pack named if it is damage.
/// Other errors come from the backend, which has named the file already.
Error damaged_at(const BlobLocation& at, const Error& why);

/// Reads one copy of a blob into `plain`, and once more past the cache if it is damaged: a bit may
/// have flipped there or in transit. Throws damaged_at(), or what the backend throws. Thread-safe.
void load_copy(const Repository& repository, const BlobRef& blob, const BlobLocation& at,
               Buffer& plain);

/// Reads single blobs by way of the index; every copy is tried as load_copy() does before giving
/// up. Thread-safe.
class BlobReader {
 public:
  BlobReader(const Repository& repository, const Index& index)
      : repository_(repository), index_(index) {}

  /// Plaintext into `plain`. Throws Error(not_found) for a blob no index lists, corrupt/io of the
  /// last copy otherwise, with the pack named.
  void load(const BlobRef& blob, Buffer& plain) const;

  [[nodiscard]] const Repository& repository() const { return repository_; }
  [[nodiscard]] const Index& index() const { return index_; }

 private:
  const Repository& repository_;
  const Index& index_;
};

}  // namespace medsave
