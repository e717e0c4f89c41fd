#include "pipe_reader.hpp"

#include "medsave/base/text.hpp"
#include "medsave/par/task_scope.hpp"
#include "medsave/sys/file_io.hpp"

#include <chrono>
#include <optional>

namespace medsave {

std::size_t read_pipe(int fd, MutableByteView out, const std::stop_token& stop) {
  constexpr std::chrono::milliseconds kStopCheck(200);
  std::size_t filled = 0;
  while (filled < out.size()) {
    check_stop(stop);
    const std::optional<std::size_t> got =
        read_when_ready(fd, out.subspan(filled), kStopCheck, _("standard input"));
    if (got == 0U) break;
    filled += got.value_or(0);
  }
  return filled;
}

}  // namespace medsave
