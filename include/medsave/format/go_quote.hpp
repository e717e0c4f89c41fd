#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace medsave {

/// Go's strconv quoting of raw bytes, without the outer quotes (node names). Printable means
/// Unicode 15.0 general categories L, M, N, P, S or U+0020.
std::string go_quote(std::string_view raw);
void append_go_quoted(std::string& out, std::string_view raw);
/// Inverse; accepts every valid Go escape. nullopt for a lone quote, newline or bad escape.
std::optional<std::string> go_unquote(std::string_view quoted);

}  // namespace medsave
