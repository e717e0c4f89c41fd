#pragma once

#include "medsave/base/bytes.hpp"

#include <array>
#include <cstddef>

namespace medsave {

/// HMAC with SHA-256 (RFC 2104). Thread-safe.
std::array<std::byte, 32> hmac_sha256(ByteView key, ByteView data);

}  // namespace medsave
