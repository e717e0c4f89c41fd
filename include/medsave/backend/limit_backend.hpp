#pragma once

#include "medsave/backend/backend.hpp"

#include <cstdint>
#include <memory>

namespace medsave {

/// Decorator that keeps below a rate: bytes per second for each direction, 0 = unlimited.
std::unique_ptr<Backend> limit_rate(std::unique_ptr<Backend> inner, std::uint64_t upload,
                                    std::uint64_t download);

}  // namespace medsave
