#pragma once

#include "medsave/format/time_text.hpp"

#include <string>
#include <string_view>

namespace medsave {

/// `time` in its own zone, written as `layout` shows the moment Mon Jan 2 15:04:05 -0700 MST 2006:
/// "2006-01-02_15-04-05". What is no part of that moment is copied.
/// Source: documentation of Go's package time, "Constants".
std::string format_like(std::string_view layout, const ZonedTime& time);

}  // namespace medsave
