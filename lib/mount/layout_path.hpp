#pragma once

#include <string_view>
#include <vector>

namespace medsave {

/// The names between the slashes of a path below the mountpoint, which they point into; "." is
/// none.
std::vector<std::string_view> layout_path_names(std::string_view path);

}  // namespace medsave
