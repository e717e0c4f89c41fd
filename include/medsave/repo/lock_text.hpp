#pragma once

#include "medsave/format/lock_file.hpp"

#include <string>

namespace medsave {

/// "PID 4711 on praxis-pc by anna, created at 2026-11-22 03:04:05 (12m ago), exclusive".
std::string describe_lock(const LockFile& lock);

}  // namespace medsave
