#pragma once

#include <cstdint>

namespace medsave {

/// Bytes a stored blob has more than its payload: nonce and tag of its seal.
inline constexpr std::uint32_t kBlobOverhead = 32;

}  // namespace medsave
