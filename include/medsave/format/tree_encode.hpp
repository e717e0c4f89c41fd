#pragma once

#include "medsave/format/tree.hpp"

#include <string>

namespace medsave {

/// Appends one node's JSON, byte for byte as restic writes it.
void append_node(std::string& out, const Node& node);

/// `{"nodes":[...]}` and a newline. The nodes must be sorted already.
std::string encode_tree(const Tree& tree);

}  // namespace medsave
