#pragma once

#include "medsave/format/tree.hpp"

#include <string_view>

namespace medsave {

/// Tolerates unknown keys, any member order and white space. Throws Error(corrupt) for anything
/// that is not such JSON: wrong types, numbers out of range, bad encodings of names, nesting deeper
/// than 64. Names are not judged here (see is_safe_name). Never reads outside `json`; safe on
/// hostile input (fuzz target: tree_fuzz).
Tree decode_tree(std::string_view json);

}  // namespace medsave
