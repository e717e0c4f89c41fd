#include "open_packs.hpp"

#include "medsave/base/random.hpp"

#include <algorithm>
#include <utility>

namespace medsave {
namespace {

// Packs in memory at a time, usually: two open ones and one that is being stored. Memory is kept
// for another use only while there are fewer.
constexpr std::size_t kMostInMemory = 3;
constexpr std::uint64_t kUsualExcess = std::uint64_t{2} << 20;  // bytes of the last blob

}  // namespace

OpenPacks::Reservation OpenPacks::reserve(const PackEntry& entry) {
  const std::lock_guard lock(mutex_);
  std::shared_ptr<PackBuilder> alone;
  const bool large =
      entry.stored_length >= std::min<std::uint64_t>(pack_size_, PackBuilder::kOvershoot);
  std::shared_ptr<PackBuilder>& pack =
      large ? alone : open_[repository_.random().below(open_.size())];
  if (pack == nullptr) {
    pack = std::make_shared<PackBuilder>(pack_size_, take_spare());
    ++in_memory_;
  }
  Reservation reservation{.bytes = pack->reserve(entry), .pack = pack};
  if (large || pack->full()) full_.push_back(std::move(pack));
  return reservation;
}

std::optional<FinishedPack> OpenPacks::commit(const Reservation& reservation) {
  {
    const std::lock_guard lock(mutex_);
    reservation.pack->commit(reservation.bytes);
    if (reservation.pack->has_uncommitted()) return std::nullopt;
    if (std::erase(full_, reservation.pack) == 0) return std::nullopt;
  }
  return complete(*reservation.pack);
}

void OpenPacks::stored(Buffer memory) {
  const std::lock_guard lock(mutex_);
  --in_memory_;
  const bool usual = memory.size() <= pack_size_ + kUsualExcess;
  if (!usual || memory.empty() || in_memory_ + spare_.size() >= kMostInMemory) return;
  memory.clear();
  spare_.push_back(std::move(memory));
}

Buffer OpenPacks::take_spare() {
  if (spare_.empty()) return {};
  Buffer memory = std::move(spare_.back());
  spare_.pop_back();
  return memory;
}

void OpenPacks::hash_alongside(Sha256Job& job) {
  const std::unique_lock hashing(hash_mutex_, std::try_to_lock);
  if (hashing.owns_lock()) hash_alongside_other(job, nullptr);
}

void OpenPacks::hash_alongside_other(Sha256Job& job, const PackBuilder* except) {
  if (job.done()) return;
  std::shared_ptr<PackBuilder> most;
  {
    const std::lock_guard lock(mutex_);
    const auto look_at = [&](const std::shared_ptr<PackBuilder>& pack) {
      if (pack == nullptr || pack.get() == except) return;
      pack->hash().extend(pack->bytes());
      if (most == nullptr || pack->hash().remaining() > most->hash().remaining()) most = pack;
    };
    std::ranges::for_each(open_, look_at);
    std::ranges::for_each(full_, look_at);
  }
  if (most != nullptr) Sha256Job::advance_both(job, most->hash());
}

FinishedPack OpenPacks::complete(PackBuilder& pack) {
  const std::lock_guard hashing(hash_mutex_);
  pack.hash().extend(pack.bytes());
  hash_alongside_other(pack.hash(), &pack);
  return pack.complete(repository_.key(), repository_.random());
}

std::vector<FinishedPack> OpenPacks::finish() {
  auto& [first, second] = open_;
  if (first != nullptr && second != nullptr && first->has_room_for(*second)) {
    first->merge(std::move(*second));
    second.reset();
  }
  std::vector<FinishedPack> packs;
  for (std::shared_ptr<PackBuilder>& pack : open_) {
    const std::shared_ptr<PackBuilder> last = std::move(pack);  // not open any more
    if (last != nullptr) packs.push_back(complete(*last));
  }
  return packs;
}

}  // namespace medsave
