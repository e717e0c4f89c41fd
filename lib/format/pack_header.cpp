#include "medsave/format/pack_header.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"

#include <cstring>
#include <limits>

namespace medsave {

namespace {

constexpr unsigned kTreeBit = 1;
constexpr unsigned kCompressedBit = 2;
constexpr unsigned kTypes = 4;

/// Takes little-endian fields off the front of a view.
class HeaderReader {
 public:
  explicit HeaderReader(ByteView bytes) : rest_(bytes) {}

  [[nodiscard]] bool empty() const { return rest_.empty(); }
  ByteView take(std::size_t count) {
    if (rest_.size() < count) {
      throw Error(Errc::corrupt, _("pack header ends inside an entry"));
    }
    const ByteView front = rest_.first(count);
    rest_ = rest_.subspan(count);
    return front;
  }
  unsigned take_u8() { return std::to_integer<unsigned>(take(1).front()); }
  std::uint32_t take_u32() { return load_le32(take(4).data()); }

 private:
  ByteView rest_;
};

PackEntry take_entry(HeaderReader& in) {
  const unsigned type = in.take_u8();
  if (type >= kTypes) {
    throw Error(Errc::corrupt, format_text(_("pack header has an unknown blob type, {}"), type));
  }
  PackEntry entry;
  entry.kind = (type & kTreeBit) != 0 ? BlobKind::tree : BlobKind::data;
  entry.stored_length = in.take_u32();
  if (entry.stored_length < kSealOverhead) {
    throw Error(Errc::corrupt, format_text(_("pack header has a blob of impossible length, {}"),
                                           entry.stored_length));
  }
  if ((type & kCompressedBit) != 0) {
    entry.plain_length = in.take_u32();
    if (entry.plain_length == 0) {
      throw Error(Errc::corrupt, _("pack header has a compressed blob without content"));
    }
  }
  std::memcpy(entry.id.bytes().data(), in.take(Id::kSize).data(), Id::kSize);
  return entry;
}

}  // namespace

Buffer encode_pack_header(const std::vector<PackEntry>& entries) {
  Buffer out(entries.size() * kPackEntrySizeCompressed);
  std::byte* p = out.data();
  for (const PackEntry& entry : entries) {
    const unsigned type =
        (entry.kind == BlobKind::tree ? kTreeBit : 0U) | (entry.compressed() ? kCompressedBit : 0U);
    *p++ = static_cast<std::byte>(type);
    store_le32(p, entry.stored_length);
    p += 4;
    if (entry.compressed()) {
      store_le32(p, entry.plain_length);
      p += 4;
    }
    std::memcpy(p, entry.id.bytes().data(), Id::kSize);
    p += Id::kSize;
  }
  out.resize(static_cast<std::size_t>(p - out.data()));
  return out;
}

std::vector<PackEntry> decode_pack_header(ByteView plain, std::uint64_t blobs_length) {
  std::vector<PackEntry> entries;
  entries.reserve(plain.size() / kPackEntrySize);
  std::uint64_t offset = 0;
  for (HeaderReader in(plain); !in.empty();) {
    PackEntry entry = take_entry(in);
    if (offset > std::numeric_limits<std::uint32_t>::max()) {
      throw Error(Errc::corrupt, _("pack header describes more than 4 GiB of blobs"));
    }
    entry.offset = static_cast<std::uint32_t>(offset);
    offset += entry.stored_length;
    entries.push_back(entry);
  }
  if (offset != blobs_length) {
    throw Error(Errc::corrupt,
                format_text(_("pack header describes {} bytes of blobs, the pack has {}"), offset,
                            blobs_length));
  }
  return entries;
}

}  // namespace medsave
