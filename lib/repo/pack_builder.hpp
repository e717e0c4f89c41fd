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

/// A pack that is being filled in memory. Not thread-safe, but other threads may write to
/// reserved bytes, and hash those that are committed, meanwhile.
class PackBuilder {
 public:
  /// Bytes allocated beyond the target: the last blob, which begins below it, must fit in them.
  static constexpr std::size_t kOvershoot = std::size_t{9} << 20;

  /// `target`: bytes of blobs at which the pack is full. `memory` is an empty buffer whose
  /// capacity is used again.
  explicit PackBuilder(std::uint64_t target, Buffer memory = {})
      : target_(target), bytes_(std::move(memory)) {}

  /// Reserves `entry.stored_length` bytes for a blob behind those there are; the offset of `entry`
  /// does not matter. The bytes never move: a blob must either fit into the overshoot or be the
  /// only one of its pack. commit() says that they are written.
  MutableByteView reserve(const PackEntry& entry);
  void commit(MutableByteView reserved);
  [[nodiscard]] bool has_uncommitted() const { return !uncommitted_.empty(); }

  void add(const PackEntry& entry, ByteView sealed);
  /// Takes the blobs of another pack behind its own.
  void merge(PackBuilder&& other);
  [[nodiscard]] bool empty() const { return entries_.empty(); }
  [[nodiscard]] bool full() const;
  /// Whether merge() would leave it below the target.
  [[nodiscard]] bool has_room_for(const PackBuilder& other) const;

  /// Up to the first reservation that is not committed.
  [[nodiscard]] ByteView bytes() const;
  /// The hash of the pack file, over as many of bytes() as advance_both() was called for.
  [[nodiscard]] Sha256Job& hash() { return hash_; }

  /// Seals the header behind the blobs, which completes the file. The last call; every
  /// reservation is committed.
  FinishedPack complete(const Key& key, Random& random);

 private:
  std::uint64_t target_;
  Buffer bytes_;
  std::vector<PackEntry> entries_;
  std::vector<std::size_t> uncommitted_;  // offsets of reservations
  Sha256Job hash_;
};

}  // namespace medsave
