#include "medsave/base/bytes.hpp"

#include <bit>
#include <cstdlib>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace medsave {

// load_le32 and store_le32 copy integers as they stand in memory.
static_assert(std::endian::native == std::endian::little, "medsave runs on little-endian machines");

std::byte* Buffer::allocate_large(std::size_t& capacity) {
  constexpr std::size_t kBlock = 4096;
  constexpr std::size_t kHugePage = std::size_t{2} << 20;
  capacity = (capacity + kBlock - 1) / kBlock * kBlock;
  // Not aligned_alloc, which takes multiples of the alignment only.
  void* memory = nullptr;
  if (::posix_memalign(&memory, kHugePage, capacity) != 0) return nullptr;
#if defined(__linux__)
  // The page faults of a pack cost as much as filling it. Where this is refused, it costs that.
  ::madvise(memory, capacity, MADV_HUGEPAGE);
#endif
  return static_cast<std::byte*>(memory);
}

}  // namespace medsave
