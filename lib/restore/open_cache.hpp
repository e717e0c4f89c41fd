#pragma once

#include "medsave/sys/dir_handle.hpp"
#include "medsave/sys/fd.hpp"

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <unordered_map>
#include <utility>

namespace medsave {

/// Keeps an entry open for as long as somebody works in it, even after it left the cache.
using SharedFd = std::shared_ptr<const UniqueFd>;
using SharedDir = std::shared_ptr<const UniqueDir>;

/// A bounded number of open files (UniqueFd) or folders (UniqueDir) by number; the one unused for
/// longest is closed first. Not thread-safe.
template <typename Owner>
class OpenCache {
 public:
  using Shared = std::shared_ptr<const Owner>;

  explicit OpenCache(std::size_t capacity) : capacity_(capacity) {}

  /// nullptr when it is not open (any more).
  Shared find(std::uint32_t key) {
    const auto place = places_.find(key);
    if (place == places_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, place->second);
    return entries_.front().second;
  }

  Shared insert(std::uint32_t key, Owner owner) {
    return insert(key, std::make_shared<const Owner>(std::move(owner)));
  }
  Shared insert(std::uint32_t key, Shared open) {
    erase(key);
    if (entries_.size() >= capacity_) {
      places_.erase(entries_.back().first);
      entries_.pop_back();
    }
    entries_.emplace_front(key, std::move(open));
    places_[key] = entries_.begin();
    return entries_.front().second;
  }

  void erase(std::uint32_t key) {
    const auto place = places_.find(key);
    if (place == places_.end()) return;
    entries_.erase(place->second);
    places_.erase(place);
  }

 private:
  using Entries = std::list<std::pair<std::uint32_t, Shared>>;

  std::size_t capacity_;
  Entries entries_;  // most recently used first
  std::unordered_map<std::uint32_t, typename Entries::iterator> places_;
};

}  // namespace medsave
