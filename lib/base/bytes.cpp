#include "medsave/base/bytes.hpp"

#include <bit>

// load_le32 and store_le32 copy integers as they stand in memory.
static_assert(std::endian::native == std::endian::little, "medsave runs on little-endian machines");
