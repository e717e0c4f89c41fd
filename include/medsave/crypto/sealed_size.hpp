#pragma once

#include <cstdint>

namespace medsave {

/// Bytes a sealed object has more than its plaintext: nonce (16) before, tag (16) after.
inline constexpr std::uint32_t kSealOverhead = 32;

}  // namespace medsave
