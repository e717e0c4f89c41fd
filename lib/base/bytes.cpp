#include "medsave/base/bytes.hpp"

#include "medsave/base/system.hpp"

#include <bit>

namespace medsave {

// load_le32 and store_le32 copy the bytes of integers without swapping them.
static_assert(std::endian::native == std::endian::little, "medsave runs on little-endian machines");

std::byte* Buffer::allocate_large(std::size_t& capacity) {
  constexpr std::size_t kBlock = 4096;
  capacity = (capacity + kBlock - 1) / kBlock * kBlock;
  return allocate_pages(capacity);
}

}  // namespace medsave
