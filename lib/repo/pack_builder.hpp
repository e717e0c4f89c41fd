#pragma once

#include "medsave/base/bytes.hpp"
#include "medsave/base/id.hpp"
#include "medsave/base/random.hpp"
#include "medsave/crypto/key.hpp"
#include "medsave/crypto/sha256.hpp"
#include "medsave/format/pack_header.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace medsave {

/// A complete pack file that is not stored yet.
struct FinishedPack {
  Id id = {};
  Buffer bytes = {};
  std::vector<PackEntry> entries = {};
};

/// A pack that is being filled in memory. Not thread-safe.
class PackBuilder {
 public:
  /// Bytes that fit behind the target without new memory, hence the limit of a last blob.
  static constexpr std::size_t kOvershoot = std::size_t{9} << 20;

  /// `target`: bytes of blobs at which the pack is full.
  explicit PackBuilder(std::uint64_t target) : target_(target) {}

  void add(const PackEntry& entry, ByteView sealed);
  /// Takes the blobs of another pack behind its own.
  void merge(PackBuilder&& other);
  [[nodiscard]] bool empty() const { return entries_.empty(); }
  [[nodiscard]] bool full() const;
  /// Whether merge() would leave it below the target.
  [[nodiscard]] bool has_room_for(const PackBuilder& other) const;

  /// What add() has gathered; it stays where it is while no blob reaches past the overshoot.
  [[nodiscard]] ByteView bytes() const { return bytes_.view(); }
  /// The hash of the file that is to be, over the bytes as far as somebody has advanced it.
  [[nodiscard]] Sha256Job& hash() { return hash_; }

  /// Seals the header behind the blobs, which completes the file. The last call.
  FinishedPack complete(const Key& key, Random& random);

 private:
  std::uint64_t target_;
  Buffer bytes_;
  std::vector<PackEntry> entries_;
  Sha256Job hash_;
};

}  // namespace medsave
