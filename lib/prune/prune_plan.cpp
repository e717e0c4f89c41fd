#include "medsave/prune/prune_plan.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"

#include <algorithm>
#include <limits>
#include <tuple>
#include <unordered_map>

namespace medsave {
namespace {

constexpr std::uint64_t kMinTarget = 4ULL << 20U;  // bytes; the smallest --pack-size
constexpr std::size_t kFewSmallPacks = 10;         // fewer are not worth a repack

/// What became known of one pack. Sizes are those of sealed blobs, but for `size`.
struct Pack {
  Id id = {};
  std::uint64_t size = 0;  // bytes the file must have
  bool usable = false;     // it is there and has that size
  bool missing = false;
  bool has_data = false;
  bool has_trees = false;
  bool uncompressed = false;
  std::uint64_t used_blobs = 0;
  std::uint64_t unused_blobs = 0;
  std::uint64_t duplicate_blobs = 0;  // among the unused, until one copy of each is chosen
  std::uint64_t used_bytes = 0;
  std::uint64_t unused_bytes = 0;

  [[nodiscard]] bool mixed() const { return has_data && has_trees; }
  [[nodiscard]] bool only_data() const { return has_data && !has_trees; }
  [[nodiscard]] std::uint64_t blob_bytes() const { return used_bytes + unused_bytes; }
  [[nodiscard]] PackToDelete to_delete() const {
    const std::uint64_t entries = used_blobs * kPackEntrySizeCompressed;
    return {.id = id, .size = size, .used_bytes = used_bytes + entries};
  }
};

class Planner {
 public:
  Planner(const Index& index, const BlobMarks& used, const PruneOptions& options,
          std::uint32_t version)
      : index_(index),
        used_(used),
        options_(options),
        version_(version),
        copies_(index.blob_count(), 0) {}

  PrunePlan run(const std::vector<ListedFile>& listing) {
    collect_packs(listing);
    count_copies();
    require_whole_packs();
    divide_blobs();
    choose_duplicates();
    count_blobs();
    decide();
    return std::move(plan_);
  }

 private:
  /// Calls visit(entry, number of the blob, or nullopt if nobody needs it).
  template <typename Visit>
  void for_each_blob(const Pack& pack, const Visit& visit) {
    for (const PackEntry& entry : index_.pack_entries(pack.id)) {
      std::optional<std::size_t> number = index_.blob_number({.kind = entry.kind, .id = entry.id});
      if (number && !used_.contains(*number)) number.reset();
      visit(entry, number);
    }
  }

  /// By id, so that the same repository always gives the same plan.
  void collect_packs(const std::vector<ListedFile>& listing) {
    for (const PackSummary& pack : index_.packs()) {
      packs_.push_back({.id = pack.id,
                        .size = pack.size,
                        .missing = true,
                        .has_data = pack.has_data,
                        .has_trees = pack.has_trees});
    }
    std::sort(packs_.begin(), packs_.end(),
              [](const Pack& a, const Pack& b) { return a.id < b.id; });
    join_descriptions();
    for (const ListedFile& file : listing) {
      const auto at = std::lower_bound(packs_.begin(), packs_.end(), file.id,
                                       [](const Pack& pack, const Id& id) { return pack.id < id; });
      if (at == packs_.end() || at->id != file.id) {
        plan_.unindexed.push_back(file);
        plan_.stats.unindexed_bytes += file.size;
        continue;
      }
      at->missing = false;
      at->usable = at->size == file.size;
    }
    std::sort(plan_.unindexed.begin(), plan_.unindexed.end(),
              [](const ListedFile& a, const ListedFile& b) { return a.id < b.id; });
  }

  /// Index files may describe one pack in different ways; what counts is all of it together.
  void join_descriptions() {
    for (std::size_t i = 1; i < packs_.size(); ++i) {
      Pack& pack = packs_[i];
      if (pack.id != packs_[i - 1].id) continue;
      pack.has_data |= packs_[i - 1].has_data;
      pack.has_trees |= packs_[i - 1].has_trees;
      pack.size = kPackTrailer;
      for (const PackEntry& entry : index_.pack_entries(pack.id)) {
        pack.size += entry.stored_length;
        pack.size += pack_entry_size(entry.compressed());
      }
      packs_[i - 1].id = Id{};
    }
    std::erase_if(packs_, [](const Pack& pack) { return pack.id.is_zero(); });
  }

  void count_copies() {
    for (const Pack& pack : packs_) {
      if (!pack.usable) continue;
      for_each_blob(pack, [&](const PackEntry&, const auto& number) {
        if (!number) return;
        std::uint8_t& copies = copies_[*number];
        any_duplicates_ |= copies != 0;
        if (copies < kManyCopies) ++copies;
      });
    }
  }

  /// Copies in packs that are gone or have a wrong size do not count: what only they hold is lost.
  void require_whole_packs() {
    for (const Pack& pack : packs_) {
      if (pack.usable) continue;
      for_each_blob(pack, [&](const PackEntry&, const auto& number) {
        if (number && copies_[*number] == 0) refuse(pack);
      });
    }
  }

  [[noreturn]] static void refuse(const Pack& pack) {
    throw Error(
        Errc::corrupt,
        format_text(pack.missing
                        ? _("pack {} is needed but missing, so nothing was removed; \"medsave "
                            "check\" shows what is affected. Bring the file back from another copy "
                            "of the repository if there is one.")
                        : _("pack {} is needed but does not have the size that the index tells, so "
                            "nothing was removed; \"medsave check\" shows what is affected. "
                            "Replace it from another copy of the repository if there is one."),
                    pack.id.hex()));
  }

  void divide_blobs() {
    for (Pack& pack : packs_) {
      for_each_blob(pack, [&](const PackEntry& entry, const auto& number) {
        pack.uncompressed |= !entry.compressed();
        if (number && !pack.missing) plan_.stats.duplicate.add(1, entry.stored_length);
        if (number && pack.usable && copies_[*number] == kChosen) {
          ++pack.used_blobs;
          pack.used_bytes += entry.stored_length;
          return;
        }
        if (number) ++pack.duplicate_blobs;
        ++pack.unused_blobs;
        pack.unused_bytes += entry.stored_length;
      });
    }
  }

  /// Of each blob with several copies one becomes used: preferably in a pack that is needed
  /// anyway, or that holds nothing but such copies; at the latest the last one.
  void choose_duplicates() {
    for (Pack& pack : packs_) {
      if (!any_duplicates_) return;
      if (!pack.usable || pack.duplicate_blobs == 0) continue;
      for_each_blob(pack, [&](const PackEntry& entry, const auto& number) {
        if (!number || copies_[*number] == kChosen) return;
        std::uint8_t& copies = copies_[*number];
        const bool good_place = pack.used_blobs > 0 || pack.duplicate_blobs == pack.unused_blobs;
        if (!good_place && copies != kLastCopy) {
          copies = copies == 2 ? kLastCopy : static_cast<std::uint8_t>(copies - 1);
          return;
        }
        copies = kChosen;
        ++pack.used_blobs;
        pack.used_bytes += entry.stored_length;
        --pack.unused_blobs;
        --pack.duplicate_blobs;
        pack.unused_bytes -= entry.stored_length;
      });
    }
  }

  void count_blobs() {
    PruneStats& stats = plan_.stats;
    for (const Pack& pack : packs_) {
      if (pack.missing) continue;
      stats.used.add(pack.used_blobs, pack.used_bytes);
      stats.unused.add(pack.unused_blobs, pack.unused_bytes);
      ++(pack.used_blobs == 0     ? stats.packs_unused
         : pack.unused_blobs == 0 ? stats.packs_used
                                  : stats.packs_partly_used);
    }
    // Until here `duplicate` counts every copy of a needed blob, and `unused` the duplicates too.
    stats.duplicate.blobs -= stats.used.blobs;
    stats.duplicate.bytes -= stats.used.bytes;
    stats.unused.blobs -= stats.duplicate.blobs;
    stats.unused.bytes -= stats.duplicate.bytes;
  }

  void decide() {
    const std::uint64_t target = target_size();
    std::vector<const Pack*> candidates;
    std::vector<const Pack*> small;
    for (const Pack& pack : packs_) {
      if (pack.missing) {
        plan_.missing.push_back(pack.id);
      } else if (pack.used_blobs == 0) {
        plan_.remove.push_back(pack.to_delete());
        plan_.stats.removed.add(pack.unused_blobs, pack.unused_bytes);
      } else if (options_.repack_cacheable_only && pack.only_data()) {
        ++plan_.stats.packs_kept;
      } else if (pack.unused_blobs != 0 || pack.mixed() || must_compress(pack)) {
        candidates.push_back(&pack);
      } else if (pack.size < target) {
        small.push_back(&pack);
      } else {
        ++plan_.stats.packs_kept;
      }
    }
    if (small.size() >= kFewSmallPacks || (options_.repack_small && small.size() > 1)) {
      candidates.insert(candidates.end(), small.begin(), small.end());
    } else {
      plan_.stats.packs_kept += small.size();
    }
    choose_repacks(std::move(candidates), target);
  }

  void choose_repacks(std::vector<const Pack*> candidates, std::uint64_t target) {
    const auto rank = [&](const Pack* pack) {
      const double ratio =
          static_cast<double>(pack->unused_bytes) / static_cast<double>(pack->used_bytes);
      return std::tuple(pack->only_data(), pack->size >= target, -ratio);
    };
    std::stable_sort(candidates.begin(), candidates.end(),
                     [&](const Pack* a, const Pack* b) { return rank(a) < rank(b); });
    PruneStats& stats = plan_.stats;
    const std::uint64_t allowed = options_.max_unused.allowed(stats.used.bytes);
    for (const Pack* pack : candidates) {
      const bool too_much = options_.max_repack_bytes &&
                            stats.repacked.bytes + pack->blob_bytes() >= *options_.max_repack_bytes;
      const bool good_enough = pack->only_data() && !must_compress(*pack) &&
                               stats.unused_bytes_after() < allowed && pack->size >= target;
      if (too_much || good_enough) {
        ++stats.packs_kept;
        continue;
      }
      plan_.repack.push_back(pack->to_delete());
      stats.repacked.add(pack->used_blobs + pack->unused_blobs, pack->blob_bytes());
      stats.repack_removes.add(pack->unused_blobs, pack->unused_bytes);
    }
  }

  [[nodiscard]] bool must_compress(const Pack& pack) const {
    if (version_ < 2 || !pack.uncompressed) return false;
    return pack.has_trees || options_.repack_uncompressed;
  }

  /// A pack below this is worth being joined with others.
  [[nodiscard]] std::uint64_t target_size() const {
    if (options_.repack_below) return *options_.repack_below;
    std::vector<std::uint64_t> sizes;
    for (const Pack& pack : packs_) sizes.push_back(pack.size);
    if (sizes.empty()) return 0;
    const auto third = sizes.begin() + static_cast<std::ptrdiff_t>(sizes.size() * 3 / 100);
    std::nth_element(sizes.begin(), third, sizes.end());
    return std::max(kMinTarget, *third) / 5 * 4;
  }

  // Values of copies_. While no copy of a blob is chosen, its number counts down with each one that
  // is passed over; the last must be chosen.
  static constexpr std::uint8_t kLastCopy = 0;
  static constexpr std::uint8_t kChosen = 1;
  static constexpr std::uint8_t kManyCopies = 255;  // or more

  const Index& index_;
  const BlobMarks& used_;
  const PruneOptions& options_;
  const std::uint32_t version_;
  std::vector<std::uint8_t> copies_;  // of needed blobs in usable packs, by blob number
  bool any_duplicates_ = false;
  std::vector<Pack> packs_;
  PrunePlan plan_;
};

}  // namespace

BlobTotals PruneStats::pruned() const {
  return {.blobs = removed.blobs + repack_removes.blobs,
          .bytes = removed.bytes + repack_removes.bytes + unindexed_bytes};
}

BlobTotals PruneStats::remaining() const {
  return {
      .blobs = used.blobs + duplicate.blobs + unused.blobs - removed.blobs - repack_removes.blobs,
      .bytes = used.bytes + unused_bytes_after()};
}

std::uint64_t PruneStats::total_bytes() const {
  return used.bytes + duplicate.bytes + unused.bytes + unindexed_bytes;
}

std::uint64_t PruneStats::unused_bytes_after() const {
  return duplicate.bytes + unused.bytes - removed.bytes - repack_removes.bytes;
}

PrunePlan make_prune_plan(const Index& index, const std::vector<ListedFile>& listing,
                          const BlobMarks& used, const PruneOptions& options,
                          std::uint32_t version) {
  return Planner(index, used, options, version).run(listing);
}

}  // namespace medsave
