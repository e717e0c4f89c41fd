#pragma once

#include "medsave/base/error.hpp"

#include <string>

namespace medsave {

/// What a person can do where the system keeps this user from writing in `folder`, or from reading
/// `path`, of the repository at `root`: who may not, whose it is, that the backups are untouched.
Error refused_write(const std::string& folder, const std::string& root);
Error refused_read(const std::string& path, const std::string& root);

/// Likewise where the medium takes no changes from anybody.
Error write_protected(const std::string& root);

}  // namespace medsave
