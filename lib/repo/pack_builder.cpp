#include "pack_builder.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/crypto/seal.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace medsave {
namespace {

// How many entries surely fit the longest header that readers accept.
constexpr std::size_t kMaxEntries =
    (kMaxPackHeader + sizeof(std::uint32_t) - kPackTrailer) / kPackEntrySizeCompressed;

}  // namespace

MutableByteView PackBuilder::reserve(const PackEntry& entry) {
  const std::size_t offset = bytes_.size();
  const std::size_t end = offset + entry.stored_length;
  if (end > std::numeric_limits<std::uint32_t>::max()) {
    throw Error(Errc::internal, _("a pack would be longer than 4 GiB"));
  }
  // The system gives no memory for the pages that are never written.
  if (offset == 0) bytes_.reserve(std::max<std::size_t>(target_ + kOvershoot, end));
  if (end > bytes_.capacity())
    throw Error(Errc::internal, "PackBuilder: reserved bytes would move");
  uncommitted_.push_back(offset);
  entries_.push_back(entry);
  entries_.back().offset = static_cast<std::uint32_t>(offset);
  bytes_.resize(end);
  return bytes_.writable().subspan(offset);
}

void PackBuilder::commit(MutableByteView reserved) {
  std::erase(uncommitted_, static_cast<std::size_t>(reserved.data() - bytes_.data()));
}

void PackBuilder::add(const PackEntry& entry, ByteView sealed) {
  const MutableByteView reserved = reserve(entry);
  std::ranges::copy(sealed, reserved.begin());
  commit(reserved);
}

ByteView PackBuilder::bytes() const {
  if (!has_uncommitted()) return bytes_.view();
  return bytes_.view().first(*std::ranges::min_element(uncommitted_));
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
