#pragma once

#include "medsave/backend/backend.hpp"

#include <memory>
#include <string>

namespace medsave {

/// Opens the backend that a `--repo` value names: "local:PATH" or a plain path. Throws
/// Error(usage) for a scheme this build does not know ("sftp:", "rest:", "s3:", ... are named
/// as such), instead of taking it for a folder name.
std::unique_ptr<Backend> open_location(const std::string& location);

}  // namespace medsave
