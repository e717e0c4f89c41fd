#include "medsave/sys/fd.hpp"

#include <unistd.h>

namespace medsave {

void UniqueFd::reset() {
  if (fd_ < 0) return;
  ::close(fd_);
  fd_ = -1;
}

}  // namespace medsave
