#include "medsave/repo/index.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"

#include <algorithm>
#include <mutex>
#include <tuple>
#include <unordered_map>

namespace medsave {
namespace {

/// 48 bytes a blob; of the 56 that index.hpp speaks of, the hash table takes the others.
struct Entry {
  Id id;
  std::uint32_t offset;
  std::uint32_t stored_length;
  std::uint32_t plain_length;
  std::uint32_t pack_and_kind;  // pack number << 1 | kind

  [[nodiscard]] std::uint32_t pack() const { return pack_and_kind >> 1U; }
  [[nodiscard]] BlobKind kind() const {
    return (pack_and_kind & 1U) != 0 ? BlobKind::tree : BlobKind::data;
  }
  [[nodiscard]] bool holds(const BlobRef& blob) const {
    return kind() == blob.kind && id == blob.id;
  }
};
static_assert(sizeof(Entry) == 48);

/// Grows by fixed pieces: a doubling vector of a gigabyte would need three during growth.
class EntryArray {
 public:
  [[nodiscard]] const Entry& operator[](std::size_t n) const {
    return pieces_[n / kPiece][n % kPiece];
  }
  [[nodiscard]] std::size_t size() const { return size_; }
  void push_back(const Entry& entry) {
    if (size_ == pieces_.size() * kPiece) {
      pieces_.push_back(std::make_unique_for_overwrite<Entry[]>(kPiece));
    }
    pieces_[size_ / kPiece][size_ % kPiece] = entry;
    ++size_;
  }

 private:
  static constexpr std::size_t kPiece =
      16384;  // 768 KiB; pages that are not written take no memory
  std::vector<std::unique_ptr<Entry[]>> pieces_;
  std::size_t size_ = 0;
};

/// Open addressing from ids to entry numbers. A slot of 32 bits holds the number in its low
/// `bits` bits (a table of 2^bits slots never has more entries) and bits of the id above, so that
/// nearly every mismatch is seen without touching the entry.
class Table {
 public:
  /// Calls `match(number)` for each entry that may be `id`, until it returns true.
  template <typename Match>
  void probe(const Id& id, Match match) const {
    const std::uint64_t hash = hash_of(id);
    const std::uint32_t tag = tag_of(hash);
    for (std::size_t at = hash & mask_;; at = (at + 1) & mask_) {
      const std::uint32_t slot = slots_[at];
      if (slot == kEmpty) return;
      if ((slot & ~static_cast<std::uint32_t>(mask_)) != tag) continue;
      if (match(slot & mask_)) return;
    }
  }

  void insert(const Id& id, std::size_t number) {
    const std::uint64_t hash = hash_of(id);
    std::size_t at = hash & mask_;
    while (slots_[at] != kEmpty) at = (at + 1) & mask_;
    slots_[at] = tag_of(hash) | static_cast<std::uint32_t>(number);
  }

  /// Resizes the table for `count` entries in all.
  void grow(std::size_t count, const EntryArray& entries) {
    if (count <= slots_.size() / 5 * 4) return;
    std::size_t slots = slots_.size();
    while (count > slots / 5 * 4) slots *= 2;
    std::vector<std::uint32_t>().swap(slots_);  // freed before the larger one is made
    slots_.assign(slots, kEmpty);
    mask_ = slots - 1;
    for (std::size_t i = 0; i < entries.size(); ++i) insert(entries[i].id, i);
  }

 private:
  // No entry's number has all bits set, since a fifth of the table stays empty.
  static constexpr std::uint32_t kEmpty = 0xFFFFFFFFU;

  static std::uint64_t hash_of(const Id& id) { return std::hash<Id>()(id); }
  [[nodiscard]] std::uint32_t tag_of(std::uint64_t hash) const {
    return static_cast<std::uint32_t>(hash >> 32U) & ~static_cast<std::uint32_t>(mask_);
  }

  std::vector<std::uint32_t> slots_ = std::vector<std::uint32_t>(1024, kEmpty);
  std::size_t mask_ = slots_.size() - 1;
};

// Numbers must fit the table's slots with a bit to spare.
constexpr std::size_t kMaxEntries = 1ULL << 30U;

struct Pack {
  Id id;
  std::uint32_t first;  // its entries stand together, by offset
  std::uint32_t count;
};

auto order(const PackEntry& e) {
  return std::tie(e.offset, e.kind, e.id, e.stored_length, e.plain_length);
}
bool before(const PackEntry& a, const PackEntry& b) { return order(a) < order(b); }

void sort_and_collapse(std::vector<PackEntry>& entries) {
  std::sort(entries.begin(), entries.end(), before);
  entries.erase(std::unique(entries.begin(), entries.end()), entries.end());
}

PackEntry to_pack_entry(const Entry& e) {
  return {.kind = e.kind(),
          .id = e.id,
          .offset = e.offset,
          .stored_length = e.stored_length,
          .plain_length = e.plain_length};
}

}  // namespace

struct Index::State {
  EntryArray entries;
  Table table;
  std::vector<Pack> packs;
  std::unordered_multimap<Id, std::uint32_t> numbers;  // of packs

  [[nodiscard]] BlobLocation location(const Entry& e) const {
    return {.pack = packs[e.pack()].id,
            .offset = e.offset,
            .stored_length = e.stored_length,
            .plain_length = e.plain_length};
  }

  [[nodiscard]] const Entry* find(const BlobRef& blob) const {
    const Entry* found = nullptr;
    table.probe(blob.id, [&](std::size_t number) {
      const Entry& e = entries[number];
      if (!e.holds(blob)) return false;
      found = &e;
      return true;
    });
    return found;
  }

  [[nodiscard]] bool same(const Pack& pack, const std::vector<PackEntry>& blobs) const {
    if (pack.count != blobs.size()) return false;
    for (std::size_t i = 0; i < blobs.size(); ++i) {
      if (to_pack_entry(entries[pack.first + i]) != blobs[i]) return false;
    }
    return true;
  }

  [[nodiscard]] bool knows(const Id& pack, const std::vector<PackEntry>& blobs) const {
    const auto [first, last] = numbers.equal_range(pack);
    return std::any_of(first, last, [&](const auto& it) { return same(packs[it.second], blobs); });
  }

  void add(const Id& pack, const std::vector<PackEntry>& blobs) {
    if (entries.size() + blobs.size() > kMaxEntries) {
      throw Error(Errc::unsupported,
                  format_text(_("the repository holds more than {} blobs, which is more than this "
                                "program can handle; use a second repository"),
                              kMaxEntries));
    }
    table.grow(entries.size() + blobs.size(), entries);
    const auto number = static_cast<std::uint32_t>(packs.size());
    packs.push_back({.id = pack,
                     .first = static_cast<std::uint32_t>(entries.size()),
                     .count = static_cast<std::uint32_t>(blobs.size())});
    numbers.emplace(pack, number);
    for (const PackEntry& blob : blobs) {
      entries.push_back({.id = blob.id,
                         .offset = blob.offset,
                         .stored_length = blob.stored_length,
                         .plain_length = blob.plain_length,
                         .pack_and_kind = number << 1U | static_cast<std::uint32_t>(blob.kind)});
      table.insert(blob.id, entries.size() - 1);
    }
  }

  [[nodiscard]] PackSummary summary(const Pack& pack) const {
    PackSummary sum{.id = pack.id, .blob_count = pack.count, .size = kPackTrailer};
    for (std::size_t i = 0; i < pack.count; ++i) {
      const Entry& e = entries[pack.first + i];
      sum.size += e.stored_length;
      sum.size += pack_entry_size(e.plain_length != 0);
      (e.kind() == BlobKind::tree ? sum.has_trees : sum.has_data) = true;
    }
    return sum;
  }

  void append_entries(const Pack& pack, std::vector<PackEntry>& out) const {
    for (std::size_t i = 0; i < pack.count; ++i) {
      out.push_back(to_pack_entry(entries[pack.first + i]));
    }
  }
};

Index::Index() : state_(std::make_unique<State>()) {}
Index::~Index() = default;

bool Index::add_pack(const IndexedPack& pack) {
  std::vector<PackEntry> sorted;
  const std::vector<PackEntry>* blobs = &pack.blobs;
  const auto out_of_order = [](const PackEntry& a, const PackEntry& b) { return !before(a, b); };
  if (std::adjacent_find(blobs->begin(), blobs->end(), out_of_order) != blobs->end()) {
    sorted = pack.blobs;
    sort_and_collapse(sorted);
    blobs = &sorted;
  }
  const std::unique_lock lock(mutex_);
  if (state_->knows(pack.pack, *blobs)) return false;
  state_->add(pack.pack, *blobs);
  return true;
}

bool Index::contains(const BlobRef& blob) const {
  const std::shared_lock lock(mutex_);
  return state_->find(blob) != nullptr;
}

std::optional<BlobLocation> Index::find(const BlobRef& blob) const {
  const std::shared_lock lock(mutex_);
  const Entry* found = state_->find(blob);
  if (found == nullptr) return std::nullopt;
  return state_->location(*found);
}

std::vector<BlobLocation> Index::find_all(const BlobRef& blob) const {
  std::vector<BlobLocation> all;
  const std::shared_lock lock(mutex_);
  state_->table.probe(blob.id, [&](std::size_t number) {
    const Entry& e = state_->entries[number];
    if (!e.holds(blob)) return false;
    const BlobLocation here = state_->location(e);
    // Differing descriptions of one pack may agree on this blob.
    const bool listed = std::any_of(all.begin(), all.end(), [&](const BlobLocation& l) {
      return l.pack == here.pack && l.offset == here.offset &&
             l.stored_length == here.stored_length && l.plain_length == here.plain_length;
    });
    if (!listed) all.push_back(here);
    return false;
  });
  return all;
}

bool Index::contains_pack(const Id& pack) const {
  const std::shared_lock lock(mutex_);
  return state_->numbers.contains(pack);
}

std::vector<PackSummary> Index::packs() const {
  std::vector<PackSummary> all;
  const std::shared_lock lock(mutex_);
  all.reserve(state_->packs.size());
  for (const Pack& pack : state_->packs) all.push_back(state_->summary(pack));
  return all;
}

std::vector<PackEntry> Index::pack_entries(const Id& pack) const {
  std::vector<PackEntry> entries;
  const std::shared_lock lock(mutex_);
  const auto [first, last] = state_->numbers.equal_range(pack);
  for (auto it = first; it != last; ++it) {
    state_->append_entries(state_->packs[it->second], entries);
  }
  if (first != last && std::next(first) != last) sort_and_collapse(entries);
  return entries;
}

void Index::for_each_pack(
    const std::function<void(const PackSummary&, const std::vector<PackEntry>&)>& visit) const {
  std::vector<PackEntry> entries;
  const std::shared_lock lock(mutex_);
  for (const Pack& pack : state_->packs) {
    entries.clear();
    state_->append_entries(pack, entries);
    visit(state_->summary(pack), entries);
  }
}

std::optional<std::size_t> Index::blob_number(const BlobRef& blob) const {
  std::optional<std::size_t> number;
  const std::shared_lock lock(mutex_);
  // The table has the copies of a blob in the order in which they were added, also after it has
  // grown.
  state_->table.probe(blob.id, [&](std::size_t candidate) {
    if (!state_->entries[candidate].holds(blob)) return false;
    number = candidate;
    return true;
  });
  return number;
}

std::size_t Index::blob_count() const {
  const std::shared_lock lock(mutex_);
  return state_->entries.size();
}

std::unordered_set<Id> differing_packs(const Index& index) {
  std::unordered_set<Id> seen;
  std::unordered_set<Id> differing;
  for (const PackSummary& pack : index.packs()) {
    if (!seen.insert(pack.id).second) differing.insert(pack.id);
  }
  return differing;
}

}  // namespace medsave
