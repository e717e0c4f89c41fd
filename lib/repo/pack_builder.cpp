#include "pack_builder.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"

#include <limits>
#include <utility>

namespace medsave {
namespace {

// How many entries surely fit the longest header that readers accept.
constexpr std::size_t kMaxEntries =
    (kMaxPackHeader + sizeof(std::uint32_t) - kPackTrailer) / kPackEntrySizeCompressed;

}  // namespace

void PackBuilder::add(const PackEntry& entry, ByteView sealed) {
  if (bytes_.empty()) bytes_.reserve(target_ + kOvershoot);  // unused pages cost nothing
  const std::size_t offset = bytes_.size();
  if (offset + sealed.size() > std::numeric_limits<std::uint32_t>::max()) {
    throw Error(Errc::internal, _("a pack would be longer than 4 GiB"));
  }
  bytes_.append(sealed);
  entries_.push_back(entry);
  entries_.back().offset = static_cast<std::uint32_t>(offset);
}

void PackBuilder::merge(PackBuilder&& other) {
  for (const PackEntry& entry : other.entries_) {
    add(entry, other.bytes_.view().subspan(entry.offset, entry.stored_length));
  }
  other = PackBuilder(target_);
}

bool PackBuilder::full() const {
  return bytes_.size() >= target_ || entries_.size() >= kMaxEntries;
}

bool PackBuilder::has_room_for(const PackBuilder& other) const {
  return bytes_.size() + other.bytes_.size() < target_ &&
         entries_.size() + other.entries_.size() <= kMaxEntries;
}

FinishedPack PackBuilder::complete(const Key& key, Random& random) {
  const std::size_t blobs = bytes_.size();
  const Buffer header = encode_pack_header(entries_);
  seal(key, header.view(), bytes_, random);
  const std::size_t end = bytes_.size();
  bytes_.resize(end + sizeof(std::uint32_t));
  store_le32(bytes_.data() + end, static_cast<std::uint32_t>(end - blobs));
  hash_.extend(bytes_.view());
  return {.id = hash_.finish(), .bytes = std::move(bytes_), .entries = std::move(entries_)};
}

}  // namespace medsave
