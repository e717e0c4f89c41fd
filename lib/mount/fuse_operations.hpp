#pragma once

#define FUSE_USE_VERSION 314
#include <fuse_lowlevel.h>

namespace medsave {

/// The requests of the kernel, answered by the MountView that is the session's user data.
fuse_lowlevel_ops fuse_operations();

}  // namespace medsave
