#pragma once

#include "pack_builder.hpp"

#include "medsave/repo/repository.hpp"

#include <array>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace medsave {

/// The packs of one kind that are being filled: a new blob goes to one of the two at random, which
/// hides chunk lengths from an observer (medsave-repository(5), "How packs are filled"). Their
/// hashes are computed while something else is hashed, side by side with that (see Sha256Job).
/// Thread-safe except finish().
class OpenPacks {
 public:
  OpenPacks(const Repository& repository, std::uint64_t pack_size)
      : repository_(repository), pack_size_(pack_size) {}

  /// Bytes in a pack for one sealed blob. The pack is not completed before they are committed.
  struct Reservation {
    MutableByteView bytes = {};
    std::shared_ptr<PackBuilder> pack = {};
  };
  /// Reserves `entry.stored_length` bytes. The offset of `entry` does not matter.
  Reservation reserve(const PackEntry& entry);
  /// The reserved bytes are written. Returns the pack that this completed, if any.
  std::optional<FinishedPack> commit(const Reservation& reservation);

  /// Says that a pack of commit() or finish() is stored. Its memory, unless the backend has kept
  /// it, is used for another pack.
  void stored(Buffer memory);

  /// Hashes `job`, unless it is done, side by side with one of the packs, until either is done.
  /// Does nothing when another thread is hashing them.
  void hash_alongside(Sha256Job& job);
  /// The packs that are not full, when every reservation is committed; joined where they make one.
  std::vector<FinishedPack> finish();

 private:
  /// As hash_alongside(), with hash_mutex_ held, but not with the pack `except`.
  void hash_alongside_other(Sha256Job& job, const PackBuilder* except);
  FinishedPack complete(PackBuilder& pack);
  Buffer take_spare();

  const Repository& repository_;
  const std::uint64_t pack_size_;
  // Guards the hashes of all builders. While it is held no pack is completed, so that the committed
  // bytes of every pack can be read. Taken before mutex_.
  std::mutex hash_mutex_;
  std::mutex mutex_;  // guards the packs, but neither their hashes nor reserved bytes
  std::array<std::shared_ptr<PackBuilder>, 2> open_;
  std::vector<std::shared_ptr<PackBuilder>> full_;  // with reservations to be committed yet
  std::size_t in_memory_ = 0;                       // packs that are begun and not stored
  std::vector<Buffer> spare_;  // used again: new memory would have to be cleared by the system
};

}  // namespace medsave
