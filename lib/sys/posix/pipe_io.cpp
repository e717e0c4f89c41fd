#include "medsave/sys/pipe_io.hpp"

#include "system_call.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

namespace medsave {
void set_nonblocking(int fd, const std::string& what) {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
    throw_errno(N_("cannot use {}"), what);
}

void widen_pipe(int fd, std::size_t bytes) { ::fcntl(fd, F_SETPIPE_SZ, static_cast<int>(bytes)); }

void wait_until_ready(std::span<WatchedFd> watched, std::chrono::milliseconds timeout) {
  std::vector<pollfd> polled;
  for (const WatchedFd& one : watched) {
    const auto events = static_cast<short>(one.for_writing ? POLLOUT : POLLIN);
    polled.push_back({.fd = one.fd, .events = events, .revents = 0});
  }
  const auto wait = static_cast<int>(std::max<std::int64_t>(timeout.count(), 0));
  const bool any = ::poll(polled.data(), polled.size(), wait) > 0;
  for (std::size_t i = 0; i < watched.size(); ++i) {
    watched[i].ready = any && polled[i].revents != 0;
  }
}

std::size_t write_now(int fd, ByteView data, const std::string& what) {
  const ssize_t put = retry_interrupted([&] { return ::write(fd, data.data(), data.size()); });
  if (put >= 0) return static_cast<std::size_t>(put);
  if (errno != EAGAIN) throw_errno(N_("cannot write to {}"), what);
  return 0;
}

std::optional<std::size_t> read_now(int fd, MutableByteView out, const std::string& what) {
  const ssize_t got = retry_interrupted([&] { return ::read(fd, out.data(), out.size()); });
  if (got >= 0) return static_cast<std::size_t>(got);
  if (errno != EAGAIN) throw_errno(N_("cannot read from {}"), what);
  return std::nullopt;
}

}  // namespace medsave
