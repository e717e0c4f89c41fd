#pragma once

#include "medsave/base/bytes.hpp"

#include <cstddef>
#include <stop_token>

namespace medsave {

/// Reads from a pipe until `out` is full or the other side has closed; returns the bytes read.
/// Unlike a plain read it ends soon after a stop request while the producer is silent: throws
/// Interrupted then. Throws Error(io) when reading fails.
std::size_t read_pipe(int fd, MutableByteView out, const std::stop_token& stop);

}  // namespace medsave
