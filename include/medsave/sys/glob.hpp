#pragma once

#include <string>

namespace medsave {

/// Whether a file's name fits a shell pattern (*, ?, [...], \), by the characters of the locale.
bool fits_pattern(const std::string& pattern, const std::string& name);

}  // namespace medsave
