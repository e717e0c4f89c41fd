#pragma once

#include "medsave/base/bytes.hpp"
#include "medsave/base/id.hpp"
#include "medsave/base/random.hpp"
#include "medsave/crypto/key.hpp"
#include "medsave/crypto/sha256.hpp"
#include "medsave/format/pack_header.hpp"

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace medsave {

/// A complete pack file that is not stored yet.
struct FinishedPack {
  Id id = {};
  Buffer bytes = {};
  std::vector<PackEntry> entries = {};
};

/// A pack that is being filled in memory. Not thread-safe, but each room may be filled, and the
/// bytes hashed, by other threads meanwhile.
class PackBuilder {
 public:
  /// Bytes that fit behind the target without new memory, hence the limit of a last blob.
  static constexpr std::size_t kOvershoot = std::size_t{9} << 20;

  /// `target`: bytes of blobs at which the pack is full. `memory` is empty, but may have room.
  explicit PackBuilder(std::uint64_t target, Buffer memory = {})
      : target_(target), bytes_(std::move(memory)) {}

  /// Room for a blob of `entry.stored_length` bytes, whatever the entry's offset. The room stays
  /// where it is, for a blob that reaches not past the overshoot or is the only one. The pack
  /// counts as being filled until filled() was called with the same room.
  MutableByteView make_room(const PackEntry& entry);
  void filled(MutableByteView room);
  [[nodiscard]] bool being_filled() const { return !unfilled_.empty(); }

  void add(const PackEntry& entry, ByteView sealed);
  /// Takes the blobs of another pack behind its own.
  void merge(PackBuilder&& other);
  [[nodiscard]] bool empty() const { return entries_.empty(); }
  [[nodiscard]] bool full() const;
  /// Whether merge() would leave it below the target.
  [[nodiscard]] bool has_room_for(const PackBuilder& other) const;

  /// Up to the first room that is not filled.
  [[nodiscard]] ByteView bytes() const;
  /// The hash of the file that is to be, over the bytes as far as somebody has advanced it.
  [[nodiscard]] Sha256Job& hash() { return hash_; }

  /// Seals the header behind the blobs, which completes the file. The last call; every room is
  /// filled.
  FinishedPack complete(const Key& key, Random& random);

 private:
  std::uint64_t target_;
  Buffer bytes_;
  std::vector<PackEntry> entries_;
  std::vector<std::size_t> unfilled_;  // offsets of rooms
  Sha256Job hash_;
};

}  // namespace medsave
