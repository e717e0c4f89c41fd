#pragma once

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

/// A bounded number of open descriptors by number; the one unused for longest is closed first.
/// Not thread-safe.
class FdCache {
 public:
  explicit FdCache(std::size_t capacity) : capacity_(capacity) {}

  /// nullptr when it is not open (any more).
  SharedFd find(std::uint32_t key);
  SharedFd insert(std::uint32_t key, UniqueFd fd);
  SharedFd insert(std::uint32_t key, SharedFd fd);
  void erase(std::uint32_t key);

 private:
  using Entries = std::list<std::pair<std::uint32_t, SharedFd>>;

  std::size_t capacity_;
  Entries entries_;  // most recently used first
  std::unordered_map<std::uint32_t, Entries::iterator> places_;
};

}  // namespace medsave
