#pragma once

#include "medsave/base/bytes.hpp"
#include "medsave/base/random.hpp"
#include "medsave/crypto/key.hpp"
#include "medsave/format/pack_header.hpp"

#include <cstdint>
#include <vector>

namespace medsave {

/// A pack that is being filled in memory. Not thread-safe.
class PackBuilder {
 public:
  /// `target`: bytes of blobs at which the pack is full.
  explicit PackBuilder(std::uint64_t target) : target_(target) {}

  void add(const PackEntry& entry, ByteView sealed);
  /// Takes the blobs of another pack behind its own.
  void merge(PackBuilder&& other);
  [[nodiscard]] bool empty() const { return entries_.empty(); }
  [[nodiscard]] bool full() const;
  /// Whether merge() would leave it below the target.
  [[nodiscard]] bool has_room_for(const PackBuilder& other) const;

  /// Seals the header behind the blobs, which completes the file.
  void complete(const Key& key, Random& random);
  [[nodiscard]] std::vector<PackEntry>& entries() { return entries_; }
  [[nodiscard]] Buffer& bytes() { return bytes_; }

 private:
  std::uint64_t target_;
  Buffer bytes_;
  std::vector<PackEntry> entries_;
};

}  // namespace medsave
