#pragma once

#include "medsave/base/bytes.hpp"
#include "medsave/format/node.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace medsave {

/// One directory: nodes in strictly increasing order of their raw names (unsigned bytes).
using Tree = std::vector<Node>;

/// Appends one node's JSON, byte for byte as restic writes it.
void append_node(std::string& out, const Node& node);

/// `{"nodes":[...]}` and a newline. The nodes must be sorted already.
std::string encode_tree(const Tree& tree);

/// Tolerates unknown keys, any member order and white space. Throws Error(corrupt) for anything
/// that is not such JSON: wrong types, numbers out of range, bad encodings of names, nesting deeper
/// than 64. Names are not judged here (see is_safe_name). Never reads outside `json`; safe on
/// hostile input (fuzz target: tree_fuzz).
Tree decode_tree(std::string_view json);

/// False for names that must never be restored: empty, ".", "..", or with '/' or NUL inside.
bool is_safe_name(std::string_view name);

/// A name that the tree lists more than once, of which only one can be restored.
std::optional<std::string> repeated_name(const Tree& tree);

}  // namespace medsave
