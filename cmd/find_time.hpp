#pragma once

#include "medsave/base/clock.hpp"

#include <optional>
#include <string>

namespace medsave::cli {

/// A point in time as people write it: "2006-01-02", "02.01.2006" or "02/01/2006", then perhaps
/// " 15:04" or " 15:04:05", then perhaps " +0100" or " UTC"; local time otherwise. nullopt when it
/// is none.
std::optional<Timestamp> parse_point_in_time(const std::string& text);

}  // namespace medsave::cli
