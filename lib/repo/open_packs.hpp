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

  /// The offset of `entry` does not matter. Returns the pack that this filled.
  std::optional<FinishedPack> add(const PackEntry& entry, ByteView sealed);
  /// Hashes `job`, unless it is done, side by side with a pack until one of them is. May do
  /// nothing.
  void advance_with(Sha256Job& job);
  /// What is left: few blobs make one pack.
  std::vector<FinishedPack> finish();

 private:
  struct OpenPack {
    std::mutex mutex;  // guards the pointer, and the builder but its hash
    std::unique_ptr<PackBuilder> builder;
  };

  FinishedPack complete(std::unique_ptr<PackBuilder> builder);

  const Repository& repository_;
  const std::uint64_t pack_size_;
  // Guards the hashes of all builders. Who has it may read the bytes that were there when it
  // looked: a full pack is only completed by somebody who has it. Taken before OpenPack::mutex.
  std::mutex hash_mutex_;
  std::array<OpenPack, 2> packs_;
};

}  // namespace medsave
