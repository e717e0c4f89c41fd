#pragma once

#include "medsave/restore/restorer.hpp"

namespace medsave::cli {

/// Throws CommandFailed where not everything was restored: whether anything can be relied on, and,
/// after a restore that brought nothing back, what helps against its cause.
void require_no_problems(const RestoreResult& result);

}  // namespace medsave::cli
