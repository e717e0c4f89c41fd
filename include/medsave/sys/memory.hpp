#pragma once

#include <atomic>
#include <cstdint>

namespace medsave {

/// Sets the C library's allocator up for buffers of megabytes that come and go on several
/// threads: from 4 MiB on they are returned to the system when freed. By default glibc raises
/// that limit to 32 MiB at the first free, and chunk and pack buffers then stay in its heaps
/// (measured on a first backup: 230 MB at the peak instead of 140). Call once, before threads.
void bound_heap_growth();

/// Three quarters of what this computer has, in bytes.
std::uint64_t affordable_memory();

/// Keeps count of what is remembered for each place in a snapshot. A few small folder lists that
/// hold each other twice describe more places than any memory takes. Thread-safe.
class MemoryAllowance {
 public:
  explicit MemoryAllowance(std::uint64_t bytes) : allowed_(bytes) {}

  /// So many bytes more are kept, all told.
  void take(std::uint64_t bytes) { taken_.fetch_add(bytes, std::memory_order_relaxed); }
  [[nodiscard]] bool exhausted() const { return taken_.load(std::memory_order_relaxed) > allowed_; }
  /// Throws Error(unsupported) when it is exhausted.
  void check() const;

 private:
  const std::uint64_t allowed_;
  std::atomic<std::uint64_t> taken_ = 0;
};

}  // namespace medsave
