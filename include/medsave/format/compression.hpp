#pragma once

#include "medsave/base/bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace medsave {

/// What `--compression` chooses. `automatic` takes as little time as possible for results no larger
/// than restic's default; the others are faster or smaller, as their names say.
enum class CompressionLevel { automatic, off, fastest, better, max };

std::optional<CompressionLevel> parse_compression_level(std::string_view text);

/// How much smaller compression must make a blob for it to be stored compressed: `nothing` (always
/// compressed), `anything` (at least a byte), or `a_sixth`.
enum class LeastGain { nothing, anything, a_sixth };

/// zstd compressor with reused contexts. Not thread-safe: one per worker.
class Compressor {
 public:
  explicit Compressor(CompressionLevel level);
  ~Compressor();
  Compressor(Compressor&&) noexcept;
  Compressor& operator=(Compressor&&) noexcept;
  Compressor(const Compressor&) = delete;
  Compressor& operator=(const Compressor&) = delete;

  /// Appends one zstd frame (with content size, window at most 8 MiB, no checksum) to `out`.
  /// Appends nothing and returns false when the frame would not be smaller than `plain`, or level
  /// is off, unless `least` is nothing. For data from 128 KiB on, samples are compressed first, and
  /// the attempt ends if these do not shrink enough.
  bool compress(ByteView plain, Buffer& out, LeastGain least = LeastGain::anything);

  /// As compress, but always produces a frame, however large (unpacked files, tree blobs).
  void compress_always(ByteView plain, Buffer& out);

 private:
  struct State;
  State* state_ = nullptr;
};

/// zstd decompressor with a reused context. Not thread-safe: one per worker.
class Decompressor {
 public:
  Decompressor();
  ~Decompressor();
  Decompressor(Decompressor&&) noexcept;
  Decompressor& operator=(Decompressor&&) noexcept;
  Decompressor(const Decompressor&) = delete;
  Decompressor& operator=(const Decompressor&) = delete;

  /// Replaces `out` by the content of `frames`, which must be exactly `size` bytes. Never
  /// allocates more than that plus the window (at most 128 MiB). Throws Error(corrupt).
  void decompress_exactly(ByteView frames, std::size_t size, Buffer& out);

  /// For content of unknown size: at most `limit` bytes (a bomb is refused). Throws
  /// Error(corrupt).
  void decompress_bounded(ByteView frames, std::size_t limit, Buffer& out);

 private:
  struct State;
  State* state_ = nullptr;
};

}  // namespace medsave
