#pragma once

#include "medsave/base/error.hpp"
#include "medsave/format/compression.hpp"
#include "medsave/maintain/copier.hpp"
#include "medsave/repo/blob_reader.hpp"

#include <optional>

namespace medsave {

/// Moves blobs from one repository to the other: opened and verified with the key of the one,
/// sealed with that of the other. What is compressed stays so. One for each thread.
class BlobTransfer {
 public:
  /// `keep_frames`: take compressed blobs as they are. All arguments outlive it.
  BlobTransfer(const CopySource& source, const Repository& target, BlobWriter& writer,
               bool keep_frames, bool verify);

  /// The blob as it stands in a pack. False when it is damaged. The plaintext is in plain()
  /// afterwards. Throws what storing throws.
  bool transfer(const PackEntry& entry, ByteView sealed);
  /// Opens and verifies it without storing it.
  bool open(const PackEntry& entry, ByteView sealed);
  /// As transfer(), from wherever an intact copy is to be found; stored unless the target has it.
  /// Returns why there is none that can be read. Throws what storing throws, and what concerns
  /// every other blob as well (is_fatal()).
  std::optional<Error> transfer_any_copy(const BlobRef& blob);
  [[nodiscard]] ByteView plain() const { return plain_.view(); }

 private:
  void store_frame(const PackEntry& entry);

  const CopySource& source_;
  const Repository& target_;
  BlobWriter& writer_;
  const BlobReader reader_;
  const bool keep_frames_;
  const bool verify_;
  Decompressor decompressor_;
  Buffer frame_;  // decrypted, if it was compressed
  Buffer plain_;
  Buffer sealed_;
  Buffer again_;
};

}  // namespace medsave
