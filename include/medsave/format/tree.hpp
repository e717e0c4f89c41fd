#pragma once

#include "medsave/format/node.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace medsave {

/// One directory: nodes in strictly increasing order of their raw names (unsigned bytes).
using Tree = std::vector<Node>;

/// False for names that must never be restored: empty, ".", "..", or with '/' or NUL inside.
bool is_safe_name(std::string_view name);

/// A name that the tree lists more than once, of which only one can be restored.
std::optional<std::string> repeated_name(const Tree& tree);

}  // namespace medsave
