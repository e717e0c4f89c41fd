#pragma once

#include "medsave/format/node.hpp"

#include <optional>
#include <string_view>

namespace medsave {

/// Inverse of node_type_name().
std::optional<NodeType> parse_node_type(std::string_view name);

}  // namespace medsave
