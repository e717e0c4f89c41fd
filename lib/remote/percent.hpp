#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace medsave {

/// "a%20b" to "a b"; nullopt where a percent sign is not followed by two hexadecimal digits.
std::optional<std::string> percent_decode(std::string_view text);

}  // namespace medsave
