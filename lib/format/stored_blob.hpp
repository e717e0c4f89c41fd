#pragma once

#include <cstdint>

namespace medsave {

/// Bytes that sealing adds to a blob: nonce and tag.
inline constexpr std::uint32_t kBlobOverhead = 32;

}  // namespace medsave
