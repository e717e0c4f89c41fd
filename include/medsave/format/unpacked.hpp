#pragma once

#include "medsave/base/bytes.hpp"
#include "medsave/format/compression.hpp"

#include <cstdint>
#include <string_view>

namespace medsave {

/// Plaintext of an unpacked file (index, snapshot, lock): version 2 is 0x02 ‖ zstd(json),
/// version 1 is the JSON itself.
Buffer encode_unpacked(std::string_view json, std::uint32_t repo_version, Compressor& compressor);

/// Whether it is of version 2.
bool is_compressed_unpacked(ByteView plain);

/// Inverse. Accepts raw JSON in both versions. Throws Error(corrupt) for other first bytes and
/// for content above `limit` bytes.
Buffer decode_unpacked(ByteView plain, std::uint32_t repo_version, Decompressor& decompressor,
                       std::size_t limit);

}  // namespace medsave
