#pragma once

#include "medsave/base/error.hpp"

#include <string_view>

namespace medsave {

/// The Error for an errno value: picks the code and appends the system's words. `what` names action
/// and thing.
Error error_from_errno(int error_number, std::string_view what);

}  // namespace medsave
