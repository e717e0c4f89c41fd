#include "pipe_reader.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/par/task_scope.hpp"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

namespace medsave {
namespace {

constexpr int kStopCheckMilliseconds = 200;

}  // namespace

std::size_t read_pipe(int fd, MutableByteView out, const std::stop_token& stop) {
  std::size_t filled = 0;
  while (filled < out.size()) {
    check_stop(stop);
    pollfd waiting{.fd = fd, .events = POLLIN, .revents = 0};
    const int ready = ::poll(&waiting, 1, kStopCheckMilliseconds);
    if (ready == 0 || (ready < 0 && errno == EINTR)) continue;
    const ssize_t got = ready < 0 ? -1 : ::read(fd, out.data() + filled, out.size() - filled);
    if (got == 0) break;
    if (got > 0) {
      filled += static_cast<std::size_t>(got);
    } else if (errno != EINTR && errno != EAGAIN) {
      throw Error::from_errno(errno, _("cannot read standard input"));
    }
  }
  return filled;
}

}  // namespace medsave
