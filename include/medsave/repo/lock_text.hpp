#pragma once

#include "medsave/base/clock.hpp"
#include "medsave/format/lock_file.hpp"

#include <string>

namespace medsave {

/// "PID 4711 on praxis-pc by anna, created at 2026-11-22 03:04:05 (12m ago), exclusive". The age
/// is the one at the time `now`.
std::string describe_lock(const LockFile& lock, const Timestamp& now);

}  // namespace medsave
