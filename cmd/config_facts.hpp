#pragma once

#include "medsave/config/config_warnings.hpp"

namespace medsave::cli {

/// Looks at what a configuration names on this computer. What cannot be looked at is taken as it is
/// written.
ConfigFacts look_at_config(const PracticeConfig& config);

}  // namespace medsave::cli
