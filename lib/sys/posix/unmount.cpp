#include "medsave/sys/unmount.hpp"

#include "medsave/sys/child_process.hpp"

#include <sys/mount.h>

#include <exception>

namespace medsave {

bool unmount_lazily(const std::string& path) noexcept {
  if (::umount2(path.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) == 0) return true;
  try {
    ChildProcess program({.command = {"fusermount3", "-u", "-q", "-z", path},
                          .out = ChildStream::devnull,
                          .err = ChildStream::devnull});
    return program.wait() == 0;
  } catch (const std::exception&) {
    return false;
  }
}

}  // namespace medsave
