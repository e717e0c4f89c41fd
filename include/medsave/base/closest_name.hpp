#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace medsave {

/// The one of `names` that `word` is most likely a slip of the keyboard for: at most two letters
/// inserted, left out, replaced or exchanged with their neighbours, and fewer than half of them.
/// Empty when there is none.
std::string closest_name(std::string_view word, const std::vector<std::string>& names);

}  // namespace medsave
