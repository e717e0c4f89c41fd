#include "open_packs.hpp"

#include "medsave/base/random.hpp"

#include <algorithm>
#include <utility>

namespace medsave {

std::optional<FinishedPack> OpenPacks::add(const PackEntry& entry, ByteView sealed) {
  std::unique_ptr<PackBuilder> full;
  if (sealed.size() >= std::min<std::uint64_t>(pack_size_, PackBuilder::kOvershoot)) {
    full = std::make_unique<PackBuilder>(pack_size_);
    full->add(entry, sealed);
  } else {
    OpenPack& pack = packs_[system_random().below(packs_.size())];
    const std::lock_guard lock(pack.mutex);
    if (pack.builder == nullptr) pack.builder = std::make_unique<PackBuilder>(pack_size_);
    pack.builder->add(entry, sealed);
    if (pack.builder->full()) full = std::move(pack.builder);
  }
  if (full == nullptr) return std::nullopt;
  return complete(std::move(full));
}

void OpenPacks::advance_with(Sha256Job& job) {
  const std::unique_lock hashing(hash_mutex_, std::try_to_lock);
  if (!hashing.owns_lock() || job.done()) return;
  Sha256Job* most = nullptr;
  for (OpenPack& pack : packs_) {
    const std::lock_guard lock(pack.mutex);
    if (pack.builder == nullptr) continue;
    Sha256Job& hash = pack.builder->hash();
    hash.extend(pack.builder->bytes());
    if (most == nullptr || hash.remaining() > most->remaining()) most = &hash;
  }
  if (most != nullptr) Sha256Job::advance_both(job, *most);
}

FinishedPack OpenPacks::complete(std::unique_ptr<PackBuilder> builder) {
  const std::lock_guard hashing(hash_mutex_);
  return builder->complete(repository_.key(), system_random());
}

std::vector<FinishedPack> OpenPacks::finish() {
  std::unique_ptr<PackBuilder>& first = packs_[0].builder;
  std::unique_ptr<PackBuilder>& second = packs_[1].builder;
  if (first != nullptr && second != nullptr && first->has_room_for(*second)) {
    first->merge(std::move(*second));
    second.reset();
  }
  std::vector<FinishedPack> packs;
  for (OpenPack& pack : packs_) {
    if (pack.builder != nullptr) packs.push_back(complete(std::move(pack.builder)));
  }
  return packs;
}

}  // namespace medsave
