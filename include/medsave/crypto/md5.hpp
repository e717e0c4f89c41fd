#pragma once

#include "medsave/base/bytes.hpp"

#include <array>
#include <cstddef>

namespace medsave {

/// MD5 (RFC 1321): for protocols that ask for it as a checksum. Protects against nobody.
/// Thread-safe.
std::array<std::byte, 16> md5(ByteView data);

}  // namespace medsave
