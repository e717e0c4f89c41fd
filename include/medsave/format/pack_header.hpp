#pragma once

// format: the contents of a repository's files, as medsave-repository(5) describes them: decoding
// and encoding, without reading or writing a file. Begin here, with packs, which hold all blobs;
// then index_file.hpp (where the blobs are), snapshot.hpp, tree.hpp and node.hpp (folders and their
// entries). unpacked.hpp and compression.hpp are what lies between JSON and encryption.

#include "medsave/base/bytes.hpp"
#include "medsave/base/id.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace medsave {

enum class BlobKind : std::uint8_t { data = 0, tree = 1 };

/// One blob inside a pack, in pack order.
struct PackEntry {
  BlobKind kind = BlobKind::data;
  Id id = {};                       // of the plaintext
  std::uint32_t offset = 0;         // bytes from pack start to the blob's nonce
  std::uint32_t stored_length = 0;  // bytes in the pack: nonce + ciphertext + tag
  std::uint32_t plain_length = 0;   // bytes; 0 = not compressed, content is stored_length - 32

  [[nodiscard]] bool compressed() const { return plain_length != 0; }
  friend bool operator==(const PackEntry&, const PackEntry&) = default;
};

inline constexpr std::size_t kPackEntrySize = 37;
inline constexpr std::size_t kPackEntrySizeCompressed = 41;
inline constexpr std::size_t kMaxPackHeader = 16 * 1024 * 1024;  // sealed header, bytes
/// Pack bytes besides blobs and header entries: seal overhead of the header and its length field.
inline constexpr std::size_t kPackTrailer = 36;

/// Plaintext of a pack header.
Buffer encode_pack_header(const std::vector<PackEntry>& entries);

/// Inverse of encode_pack_header; computes the offsets. Throws Error(corrupt) for an unknown type
/// byte, a truncated entry, a stored length below 32, or blobs that do not fill exactly
/// `blobs_length` bytes. Never reads outside `plain` (fuzz target: pack_header_fuzz). Source:
/// medsave-repository(5), "PACKS".
std::vector<PackEntry> decode_pack_header(ByteView plain, std::uint64_t blobs_length);

}  // namespace medsave
