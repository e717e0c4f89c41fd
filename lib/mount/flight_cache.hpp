#pragma once

#include <condition_variable>
#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>

namespace medsave {

/// Values by key: each loaded by one thread however many want it, the least recently used ones
/// dropped beyond a capacity (but never the last one). Users keep what they hold. Thread-safe.
template <typename Key, typename Value>
class FlightCache {
 public:
  using Pointer = std::shared_ptr<const Value>;
  struct Loaded {
    Pointer value = {};
    std::size_t weight = 0;  // in the unit of the capacity
  };

  explicit FlightCache(std::size_t capacity) : capacity_(capacity) {}

  /// The value at hand, or what `load()` returns; waits while another thread loads it. What
  /// load() throws reaches its own caller; those who waited try themselves.
  template <typename Load>
  Pointer get(const Key& key, const Load& load) {
    if (Pointer ready = find_or_claim(key)) return ready;
    Loaded loaded;
    try {
      loaded = load();
    } catch (...) {
      abandon(key);
      throw;
    }
    fulfil(key, loaded);
    return loaded.value;
  }

  /// False when the value is there or being loaded. Else the caller must fulfil or abandon it.
  bool claim(const Key& key) {
    const std::lock_guard lock(mutex_);
    return slots_.try_emplace(key).second;
  }
  void fulfil(const Key& key, const Loaded& loaded) {
    const std::lock_guard lock(mutex_);
    Slot& slot = slots_.at(key);
    order_.push_front(key);
    slot = {.loaded = loaded, .place = order_.begin()};
    weight_ += loaded.weight;
    while (weight_ > capacity_ && order_.size() > 1) {
      const auto oldest = slots_.find(order_.back());
      weight_ -= oldest->second.loaded.weight;
      slots_.erase(oldest);
      order_.pop_back();
    }
    settled_.notify_all();
  }
  void abandon(const Key& key) {
    const std::lock_guard lock(mutex_);
    slots_.erase(key);
    settled_.notify_all();
  }

  /// Whether a get() would find it or wait for it.
  [[nodiscard]] bool contains(const Key& key) const {
    const std::lock_guard lock(mutex_);
    return slots_.contains(key);
  }
  [[nodiscard]] std::size_t weight() const {
    const std::lock_guard lock(mutex_);
    return weight_;
  }

 private:
  struct Slot {
    Loaded loaded = {};  // without a value while it is being loaded
    typename std::list<Key>::iterator place = {};
  };

  Pointer find_or_claim(const Key& key) {
    std::unique_lock lock(mutex_);
    for (;;) {
      const auto [at, is_new] = slots_.try_emplace(key);
      if (is_new) return {};
      if (at->second.loaded.value) {
        order_.splice(order_.begin(), order_, at->second.place);
        return at->second.loaded.value;
      }
      settled_.wait(lock);
    }
  }

  const std::size_t capacity_;
  mutable std::mutex mutex_;  // guards the following
  std::condition_variable settled_;
  std::unordered_map<Key, Slot> slots_;
  std::list<Key> order_;  // loaded ones, the most recently used first
  std::size_t weight_ = 0;
};

}  // namespace medsave
