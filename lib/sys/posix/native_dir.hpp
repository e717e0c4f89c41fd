#pragma once

#include "medsave/sys/dir_handle.hpp"

#include <fcntl.h>

namespace medsave {

/// A DirHandle is a file descriptor here.
struct NativeDir {
  static int get(DirHandle dir) {
    return dir == kCurrentDirectory ? AT_FDCWD : static_cast<int>(dir.value_);
  }
  /// Takes it over; none where `fd` is -1.
  static UniqueDir own(int fd) { return UniqueDir(DirHandle(fd)); }
};

inline int native(DirHandle dir) { return NativeDir::get(dir); }

}  // namespace medsave
