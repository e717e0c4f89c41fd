#pragma once

#include <cstdint>

namespace medsave {

/// Offset in seconds east of UTC of the process's time zone at an instant, in seconds since the
/// epoch. Caches the answers of the system, which are slow, per thread.
std::int32_t local_offset(std::int64_t seconds);

}  // namespace medsave
