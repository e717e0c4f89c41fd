#pragma once

#include "medsave/base/id.hpp"
#include "medsave/format/index_file.hpp"
#include "medsave/format/pack_header.hpp"

#include <compare>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <unordered_set>
#include <vector>

namespace medsave {

/// Kind and id of a blob: what deduplication compares.
struct BlobRef {
  BlobKind kind = BlobKind::data;
  Id id = {};
  friend auto operator<=>(const BlobRef&, const BlobRef&) = default;
};

/// The position of one copy of a blob.
struct BlobLocation {
  Id pack = {};
  std::uint32_t offset = 0;         // bytes from pack start
  std::uint32_t stored_length = 0;  // bytes, sealed
  std::uint32_t plain_length = 0;   // bytes; 0 = not compressed

  [[nodiscard]] std::uint32_t content_length() const {  // bytes of plaintext
    return plain_length != 0 ? plain_length : stored_length - kSealOverhead;
  }
};

/// What the index files list for one pack.
struct PackSummary {
  Id id = {};
  std::uint32_t blob_count = 0;
  std::uint64_t size = 0;  // bytes the file must have: blobs, header, trailer
  bool has_data = false;
  bool has_trees = false;
};

/// All index files together: for each blob its positions. Identical entries are stored once; one
/// blob may be in several packs. About 56 bytes a blob (open addressing over an entry array),
/// look-up without allocation. Thread-safe: readers share, add_pack() excludes.
class Index {
 public:
  Index();
  ~Index();
  Index(const Index&) = delete;
  Index& operator=(const Index&) = delete;

  /// Enters a pack with its blobs; a pack entered already is ignored when it says the same, and
  /// entered additionally when it differs. Returns false for an identical duplicate.
  bool add_pack(const IndexedPack& pack);

  [[nodiscard]] bool contains(const BlobRef& blob) const;
  /// Any one copy.
  [[nodiscard]] std::optional<BlobLocation> find(const BlobRef& blob) const;
  /// All copies.
  [[nodiscard]] std::vector<BlobLocation> find_all(const BlobRef& blob) const;

  [[nodiscard]] bool contains_pack(const Id& pack) const;
  /// A pack that index files describe differently is there once for each description.
  [[nodiscard]] std::vector<PackSummary> packs() const;
  /// The blobs of one pack by offset, as the index files describe it (all descriptions together).
  [[nodiscard]] std::vector<PackEntry> pack_entries(const Id& pack) const;
  /// The blobs of every pack, pack by pack, entries by offset. Holds the read lock meanwhile.
  void for_each_pack(
      const std::function<void(const PackSummary&, const std::vector<PackEntry>&)>& visit) const;
  [[nodiscard]] std::size_t blob_count() const;
  /// A number below blob_count() that all copies of the blob share and no other blob has. Adding
  /// packs does not change it.
  [[nodiscard]] std::optional<std::size_t> blob_number(const BlobRef& blob) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
  mutable std::shared_mutex mutex_;  // guards *state_
};

/// Packs that index files describe differently. An index file that lists one of them may lack
/// entries of it, so it must not be taken for a reason to list the pack nowhere else.
std::unordered_set<Id> differing_packs(const Index& index);

}  // namespace medsave
