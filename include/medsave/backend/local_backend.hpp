#pragma once

#include "medsave/backend/backend.hpp"

#include <memory>
#include <string>

namespace medsave {

/// A repository in a folder (layout and modes: repository format, "Layout"). save() of a pack
/// returns once the bytes are handed to the kernel; a background thread makes them durable,
/// renames them to their final name and remembers the directories that barrier() must sync.
/// At most `kMaxPending` packs are in that state.
///
/// The folder is opened once, here or by create(), and held: nothing is made elsewhere when its
/// drive goes or another takes its place, and save() and barrier() throw Error(io) then. Names that
/// other processes left there are durable before anything is added that needs them, or removed
/// because of them. list() throws Error(corrupt) where a repository lacks the folder of a kind.
std::unique_ptr<Backend> make_local_backend(const std::string& path, unsigned connections = 2);

}  // namespace medsave
