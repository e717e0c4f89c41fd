#pragma once

#include "medsave/base/bytes.hpp"

#include <chrono>
#include <optional>
#include <span>
#include <string>

namespace medsave {

/// Non-blocking reading and writing, for talking to a process through two pipes: blocked in one,
/// both sides could wait for each other for ever. Errors name `what`.

void set_nonblocking(int fd, const std::string& what);
/// Lets a pipe hold more, where the system allows it.
void widen_pipe(int fd, std::size_t bytes);

struct WatchedFd {
  int fd = -1;  // negative: not watched
  bool for_writing = false;
  bool ready = false;  // can be used, or has ended
};
/// Waits until one is ready, for `timeout` at most; sets all `ready`.
void wait_until_ready(std::span<WatchedFd> watched, std::chrono::milliseconds timeout);

/// Bytes written; 0 when there is no room now.
std::size_t write_now(int fd, ByteView data, const std::string& what);
/// Bytes read, 0 at the end; nullopt when there is nothing now.
std::optional<std::size_t> read_now(int fd, MutableByteView out, const std::string& what);

}  // namespace medsave
