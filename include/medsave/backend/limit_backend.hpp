#pragma once

#include "medsave/backend/backend.hpp"

#include <cstdint>
#include <memory>
#include <stop_token>

namespace medsave {

/// Decorator that keeps below a rate: bytes per second for each direction, 0 = unlimited; locks do
/// not wait for it. After a stop nothing waits any more, so that cleaning up is fast.
std::unique_ptr<Backend> limit_rate(std::unique_ptr<Backend> inner, std::uint64_t upload,
                                    std::uint64_t download, const std::stop_token& stop = {});

}  // namespace medsave
