#pragma once

#include "medsave/backend/backend.hpp"

#include <memory>
#include <string>

namespace medsave {

/// A repository in a folder (layout and modes: repository format, "Layout"). save() of a pack
/// returns once the bytes are handed to the kernel; a background thread makes them durable,
/// renames them to their final name and remembers the directories that barrier() must sync.
/// At most `kMaxPending` packs are in that state.
std::unique_ptr<Backend> make_local_backend(const std::string& path);

}  // namespace medsave
