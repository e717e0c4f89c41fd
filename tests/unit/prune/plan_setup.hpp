#pragma once

#include "medsave/prune/prune_plan.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace medsave::test {

/// An id that a test can name.
inline Id numbered(unsigned kind, unsigned number) {
  Id id;
  id.bytes()[0] = static_cast<std::byte>(kind);
  id.bytes()[1] = static_cast<std::byte>(number >> 8U);
  id.bytes()[2] = static_cast<std::byte>(number);
  return id;
}

/// A repository as far as a plan sees it: packs, their files, and which blobs are needed.
class PlanSetup {
 public:
  struct Blob {
    unsigned number = 0;
    bool used = false;
    std::uint32_t length = 1000;  // bytes, sealed
    BlobKind kind = BlobKind::data;
    bool compressed = true;
  };

  static Id pack_id(unsigned number) { return numbered(200, number); }
  static BlobRef ref(const Blob& blob) {
    return {.kind = blob.kind, .id = numbered(static_cast<unsigned>(blob.kind), blob.number)};
  }

  PlanSetup& pack(unsigned number, const std::vector<Blob>& blobs, bool has_file = true) {
    IndexedPack pack{.pack = pack_id(number)};
    std::uint64_t size = kPackTrailer;
    std::uint32_t offset = 0;
    for (const Blob& blob : blobs) {
      pack.blobs.push_back({.kind = blob.kind,
                            .id = ref(blob).id,
                            .offset = offset,
                            .stored_length = blob.length,
                            .plain_length = blob.compressed ? 5000U : 0U});
      offset += blob.length;
      size += blob.length + (blob.compressed ? kPackEntrySizeCompressed : kPackEntrySize);
      if (blob.used) used_.push_back(ref(blob));
    }
    index_.add_pack(pack);
    if (has_file) listing_.push_back({.id = pack.pack, .size = size});
    return *this;
  }

  [[nodiscard]] std::vector<ListedFile>& listing() { return listing_; }

  [[nodiscard]] PrunePlan plan(const PruneOptions& options = {}, std::uint32_t version = 2) const {
    BlobMarks used(index_);
    for (const BlobRef& blob : used_) used.mark(*index_.blob_number(blob));
    return make_prune_plan(index_, listing_, used, options, version);
  }

 private:
  Index index_;
  std::vector<ListedFile> listing_;
  std::vector<BlobRef> used_;
};

/// The numbers of these packs, sorted.
inline std::vector<unsigned> numbers(const std::vector<Id>& ids) {
  std::vector<unsigned> out;
  for (const Id& id : ids) {
    out.push_back(std::to_integer<unsigned>(id.bytes()[1]) << 8U |
                  std::to_integer<unsigned>(id.bytes()[2]));
  }
  std::sort(out.begin(), out.end());
  return out;
}
inline std::vector<unsigned> numbers(const std::vector<PackToDelete>& packs) {
  std::vector<Id> ids;
  for (const PackToDelete& pack : packs) ids.push_back(pack.id);
  return numbers(ids);
}

}  // namespace medsave::test
