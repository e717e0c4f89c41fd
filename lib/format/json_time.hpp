#pragma once

#include "medsave/format/time_text.hpp"
#include "medsave/json/json_reader.hpp"

namespace medsave {

/// The time that stands next in the text, a string. Throws Error(corrupt) where none does.
ZonedTime read_time(JsonReader& in);

}  // namespace medsave
