#pragma once

#include "medsave/format/time_text.hpp"
#include "medsave/json/json_reader.hpp"

namespace medsave {

/// Reads a string with a time. Throws Error(corrupt) for anything else.
ZonedTime read_time(JsonReader& in);

}  // namespace medsave
