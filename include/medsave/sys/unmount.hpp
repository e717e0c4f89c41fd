#pragma once

#include <string>

namespace medsave {

/// Takes the file system away that was mounted last at `path` (absolute, without links), also
/// while somebody uses it; an ordinary user's FUSE mount by way of fusermount3. Never throws:
/// whether it is gone.
bool unmount_lazily(const std::string& path) noexcept;

}  // namespace medsave
