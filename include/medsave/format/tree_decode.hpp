#pragma once

#include "medsave/format/tree.hpp"

#include <string_view>

namespace medsave {

/// Takes what restic's decoder takes: unknown keys, keys in capitals, any member order, null or
/// nothing for what is empty. An unknown type of a node is NodeType::irregular. Throws
/// Error(unsupported) for anything else: wrong types, numbers out of range, bad encodings of names,
/// nesting deeper than 64. That is no damage, since `json` is what was stored, and nothing may be
/// given up for it. Names are not judged here (see is_safe_name). Never reads outside `json`; safe
/// on hostile input (fuzz target: tree_fuzz).
Tree decode_tree(std::string_view json);

}  // namespace medsave
