#pragma once

// format: the contents of a repository's files, as medsave-repository(5) describes them: decoding
// and encoding, without reading or writing a file. Begin here, with packs, which hold all blobs;
// then index_file.hpp (where the blobs are), snapshot.hpp, tree.hpp and node.hpp (folders and their
// entries). unpacked.hpp and compression.hpp are what lies between JSON and encryption.

#include "medsave/base/bytes.hpp"
#include "medsave/base/id.hpp"
#include "medsave/crypto/sealed_size.hpp"

#include <cstddef>
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
  std::uint32_t plain_length = 0;   // bytes; 0 = not compressed

  [[nodiscard]] bool compressed() const { return plain_length != 0; }
  [[nodiscard]] std::uint32_t content_length() const {  // bytes of plaintext
    return compressed() ? plain_length : stored_length - kSealOverhead;
  }
  friend bool operator==(const PackEntry&, const PackEntry&) = default;
};

inline constexpr std::size_t kPackEntrySize = 37;
inline constexpr std::size_t kPackEntrySizeCompressed = 41;
/// Bytes of a blob's entry in the header.
constexpr std::uint32_t pack_entry_size(bool compressed) {
  return static_cast<std::uint32_t>(compressed ? kPackEntrySizeCompressed : kPackEntrySize);
}
inline constexpr std::size_t kMaxPackHeader = 16 * 1024 * 1024;  // sealed header, bytes
/// The field at the end of a pack that tells the length of the sealed header.
inline constexpr std::size_t kPackLengthField = sizeof(std::uint32_t);
/// Pack bytes besides blobs and header entries.
inline constexpr std::size_t kPackTrailer = kSealOverhead + kPackLengthField;
/// Smaller files are no packs: the trailer and one entry.
inline constexpr std::size_t kMinPack = kPackTrailer + kPackEntrySize;

/// Plaintext of a pack header.
Buffer encode_pack_header(const std::vector<PackEntry>& entries);

/// Inverse of encode_pack_header; computes the offsets. Throws Error(corrupt) for an unknown type
/// byte, a truncated entry, a stored length below 32, or blobs that do not fill exactly
/// `blobs_length` bytes. Never reads outside `plain` (fuzz target: pack_header_fuzz). Source:
/// medsave-repository(5), "PACKS".
std::vector<PackEntry> decode_pack_header(ByteView plain, std::uint64_t blobs_length);

}  // namespace medsave
