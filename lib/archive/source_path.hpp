#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace medsave {

/// The names between the slashes of a path, which they point into.
std::vector<std::string_view> split_path(std::string_view path);

/// Lexical cleaning as in Go's filepath.Clean: no doubled or trailing slashes, "." and ".."
/// resolved textually; "" becomes ".".
std::string clean_path(std::string_view path);

/// `path` cleaned and, if relative, below the current directory.
std::string absolute_path(const std::string& path);

}  // namespace medsave
