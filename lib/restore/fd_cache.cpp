#include "fd_cache.hpp"

namespace medsave {

SharedFd FdCache::find(std::uint32_t key) {
  const auto place = places_.find(key);
  if (place == places_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, place->second);
  return entries_.front().second;
}

SharedFd FdCache::insert(std::uint32_t key, UniqueFd fd) {
  return insert(key, std::make_shared<const UniqueFd>(std::move(fd)));
}

SharedFd FdCache::insert(std::uint32_t key, SharedFd fd) {
  erase(key);
  if (entries_.size() >= capacity_) {
    places_.erase(entries_.back().first);
    entries_.pop_back();
  }
  entries_.emplace_front(key, std::move(fd));
  places_[key] = entries_.begin();
  return entries_.front().second;
}

void FdCache::erase(std::uint32_t key) {
  const auto place = places_.find(key);
  if (place == places_.end()) return;
  entries_.erase(place->second);
  places_.erase(place);
}

}  // namespace medsave
