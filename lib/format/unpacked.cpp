#include "medsave/format/unpacked.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"

namespace medsave {

namespace {

constexpr std::byte kCompressedMark{2};

bool begins_like_json(ByteView plain) {
  return plain.front() == std::byte{'{'} || plain.front() == std::byte{'['};
}

}  // namespace

Buffer encode_unpacked(std::string_view json, std::uint32_t repo_version, Compressor& compressor) {
  if (repo_version < 2) return Buffer(as_bytes(json));
  Buffer out(ByteView(&kCompressedMark, 1));
  compressor.compress_always(as_bytes(json), out);
  return out;
}

bool is_compressed_unpacked(ByteView plain) {
  return !plain.empty() && plain.front() == kCompressedMark;
}

Buffer decode_unpacked(ByteView plain, std::uint32_t repo_version, Decompressor& decompressor,
                       std::size_t limit) {
  if (plain.empty()) return {};
  if (begins_like_json(plain)) {
    if (plain.size() > limit) throw Error(Errc::corrupt, _("content is larger than it can be"));
    return Buffer(plain);
  }
  if (repo_version < 2 || !is_compressed_unpacked(plain)) {
    throw Error(Errc::corrupt, _("content is neither JSON nor compressed"));
  }
  Buffer out;
  decompressor.decompress_bounded(plain.subspan(1), limit, out);
  return out;
}

}  // namespace medsave
