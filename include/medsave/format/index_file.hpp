#pragma once

#include "medsave/base/id.hpp"
#include "medsave/format/pack_header.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace medsave {

/// What an index file says of one pack.
struct IndexedPack {
  Id pack = {};
  std::vector<PackEntry> blobs = {};
};

/// `{"packs":[...]}` and a newline.
std::string encode_index(const std::vector<IndexedPack>& packs);

/// Calls `on_pack` for each pack in the file; the argument may be moved from or reused by the
/// callee. Streaming, no DOM. Throws Error(corrupt) for anything malformed, lengths or offsets
/// beyond 32 bits, and blobs shorter than the seal overhead (fuzz target: index_fuzz).
void decode_index(std::string_view json, const std::function<void(IndexedPack& pack)>& on_pack);

}  // namespace medsave
