#pragma once

#include "mount_view.hpp"

#include <functional>
#include <stop_token>

namespace medsave {

/// Throws Error(unsupported, permission) with what to do, unless this system has FUSE.
void require_fuse();

/// Mounts, calls `ready`, and answers the kernel on several threads until `stop` or until somebody
/// unmounts the folder; it is unmounted when this returns. request.mountpoint is absolute and
/// without links. Throws Error when it cannot be mounted.
void run_fuse_session(MountView& view, const MountRequest& request,
                      const std::function<void()>& ready, const std::stop_token& stop);

}  // namespace medsave
