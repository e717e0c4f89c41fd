#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <stop_token>
#include <utility>

namespace medsave {

/// Bounds the memory used by buffers between the stages of a pipeline. A thread takes a lease while
/// it holds no other (or it could deadlock) and keeps it together with the buffer; both are
/// released together. Thread-safe; must outlive its leases.
class ByteBudget {
 public:
  class Lease {
   public:
    Lease() = default;
    Lease(Lease&& other) noexcept
        : budget_(std::exchange(other.budget_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
    Lease& operator=(Lease&& other) noexcept {
      if (this != &other) {
        release();
        budget_ = std::exchange(other.budget_, nullptr);
        bytes_ = std::exchange(other.bytes_, 0);
      }
      return *this;
    }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    ~Lease() { release(); }

    /// Gives back all but `bytes`.
    void shrink(std::size_t bytes);
    void release() { shrink(0); }

   private:
    friend class ByteBudget;
    Lease(ByteBudget* budget, std::size_t bytes) : budget_(budget), bytes_(bytes) {}
    ByteBudget* budget_ = nullptr;
    std::size_t bytes_ = 0;
  };

  explicit ByteBudget(std::size_t capacity) : capacity_(capacity), available_(capacity) {}

  /// Waits until `bytes` are free (a request above the capacity waits for all of it).
  /// Throws Interrupted when stopped.
  Lease take(std::size_t bytes, const std::stop_token& stop);

 private:
  const std::size_t capacity_;
  std::mutex mutex_;  // guards available_
  std::condition_variable_any freed_;
  std::size_t available_;
};

}  // namespace medsave
