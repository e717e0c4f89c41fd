#include "medsave/sys/dir_handle.hpp"

#include "native_dir.hpp"

#include <unistd.h>

namespace medsave {

void UniqueDir::reset() {
  if (handle_) ::close(native(std::exchange(handle_, DirHandle())));
}

}  // namespace medsave
