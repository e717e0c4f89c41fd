#pragma once

#include "medsave/backend/backend.hpp"
#include "medsave/base/clock.hpp"

#include <memory>
#include <string>

namespace medsave {

/// A repository in a folder (layout and modes: medsave-repository(5), "LAYOUT"). save() of a pack
/// returns once the bytes are written to a temporary file; a background thread makes them durable,
/// renames the file to its final name and notes the folders that barrier() must sync. There is a
/// limit to how many packs are pending at a time.
///
/// The folder is opened once, here or by create(), and kept open: when its drive is disconnected or
/// exchanged nothing is written elsewhere, and save() and barrier() throw Error(io). Files that
/// other processes stored are made durable before anything is stored that depends on them, or
/// removed because of them. list() throws Error(corrupt) where a repository lacks the folder of a
/// kind.
std::unique_ptr<Backend> make_local_backend(const std::string& path, unsigned connections = 2,
                                            const Clock& clock = system_clock());

}  // namespace medsave
