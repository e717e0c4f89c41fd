#pragma once

#include "medsave/backend/backend.hpp"

#include <string>

namespace medsave::cli {

/// The one file of this kind whose id begins with `prefix`. Throws Error(not_found), or
/// Error(usage) when several fit.
Id find_file(Backend& backend, FileKind kind, const std::string& prefix);

}  // namespace medsave::cli
