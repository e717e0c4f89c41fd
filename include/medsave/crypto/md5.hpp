#pragma once

#include "medsave/base/bytes.hpp"

#include <array>
#include <cstddef>

namespace medsave {

/// MD5 (RFC 1321): for protocols that use it as a checksum. It gives no security. Thread-safe.
std::array<std::byte, 16> md5(ByteView data);

}  // namespace medsave
