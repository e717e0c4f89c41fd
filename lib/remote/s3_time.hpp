#pragma once

#include "medsave/base/clock.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace medsave {

/// "20150830T123600Z", as requests are dated.
std::string amz_date(Timestamp time);
/// "2015-08-30T12:36:00Z", as retention dates are written; fractions are cut off.
std::string iso_date(Timestamp time);
/// "2015-08-30T12:36:00[.123]Z"; nullopt for anything else.
std::optional<Timestamp> parse_iso_date(std::string_view text);

}  // namespace medsave
