#pragma once

#include "medsave/base/bytes.hpp"
#include "medsave/repo/repository.hpp"

#include <cstdint>

namespace medsave {

/// What may be read with one request.
struct PackRangeLimits {
  std::uint64_t gap = 0;     // bytes between two blobs that are read for nothing
  std::uint64_t length = 0;  // bytes in all, unless one blob alone has more
};

/// A part of a pack that is read with one request, because it holds several wanted blobs. They are
/// added in the order of their offsets.
class PackRange {
 public:
  /// Of one blob.
  PackRange(std::uint32_t offset, std::uint32_t stored_length)
      : offset_(offset), end_(std::uint64_t{offset} + stored_length) {}

  /// Adds another blob of the same pack, of no lower offset. False, and nothing has changed, where
  /// it does not fit into the limits.
  bool add(std::uint32_t offset, std::uint32_t stored_length, const PackRangeLimits& limits);

  [[nodiscard]] std::uint32_t offset() const { return offset_; }
  [[nodiscard]] std::size_t length() const { return static_cast<std::size_t>(end_ - offset_); }

  /// Reads it into `bytes`. False when the bytes cannot be had, which need not be so for each blob
  /// by itself; throws what is_fatal().
  bool load(const Repository& repository, const Id& pack, Buffer& bytes) const;
  /// A blob in what load() has read.
  [[nodiscard]] ByteView blob(const Buffer& bytes, std::uint32_t offset,
                              std::uint32_t stored_length) const {
    return bytes.view().subspan(offset - offset_, stored_length);
  }

 private:
  std::uint32_t offset_;
  std::uint64_t end_;
};

}  // namespace medsave
