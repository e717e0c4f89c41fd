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
/// hides chunk lengths from an observer (repository format, "How packs are filled"). What is in
/// them is hashed when there is something else to hash side by side with it. Thread-safe except
/// finish().
class OpenPacks {
 public:
  OpenPacks(const Repository& repository, std::uint64_t pack_size)
      : repository_(repository), pack_size_(pack_size) {}

  /// Room for a sealed blob in a pack, which waits until the room comes back filled.
  struct Room {
    MutableByteView bytes = {};
    std::shared_ptr<PackBuilder> pack = {};
  };
  /// Room for `entry.stored_length` bytes. The offset of `entry` does not matter.
  Room make_room(const PackEntry& entry);
  /// Returns the pack that this completed.
  std::optional<FinishedPack> filled(const Room& room);

  /// A pack of filled() or finish() is stored: its memory, if any is left, serves the next.
  void stored(Buffer memory);

  /// Hashes `job`, unless it is done, side by side with a pack until one of them is. May do
  /// nothing.
  void advance_with(Sha256Job& job);
  /// What is left, when every room is filled: few blobs make one pack.
  std::vector<FinishedPack> finish();

 private:
  /// As advance_with(), by somebody who has hash_mutex_.
  void advance_with_other(Sha256Job& job, const PackBuilder* except);
  FinishedPack complete(PackBuilder& pack);
  Buffer take_spare();

  const Repository& repository_;
  const std::uint64_t pack_size_;
  // Guards the hashes of all builders. Who has it may read the bytes that were there when it
  // looked: a full pack is only completed by somebody who has it. Taken before mutex_.
  std::mutex hash_mutex_;
  std::mutex mutex_;  // guards the packs, but neither their hashes nor what stands in a room
  std::array<std::shared_ptr<PackBuilder>, 2> open_;
  std::vector<std::shared_ptr<PackBuilder>> full_;  // with rooms that are not filled yet
  std::size_t in_memory_ = 0;                       // packs that are begun and not stored
  std::vector<Buffer> spare_;                       // to spare the system clearing new memory
};

}  // namespace medsave
