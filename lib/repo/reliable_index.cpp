#include "medsave/repo/reliable_index.hpp"

#include "index_load.hpp"

#include "medsave/base/sentences.hpp"
#include "medsave/base/text.hpp"
#include "medsave/repo/index_load.hpp"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace medsave {
namespace {

/// Packs of the index that are not in the listing as the index describes them.
std::unordered_set<Id> absent_packs(const Index& index, const std::vector<ListedFile>& listing) {
  std::unordered_map<Id, std::uint64_t> sizes;
  sizes.reserve(listing.size());
  for (const ListedFile& file : listing) sizes.emplace(file.id, file.size);
  std::unordered_set<Id> absent;
  std::unordered_set<Id> present;
  for (const PackSummary& pack : index.packs()) {
    const auto at = sizes.find(pack.id);
    (at != sizes.end() && at->second == pack.size ? present : absent).insert(pack.id);
  }
  // Index files may describe one pack differently; it counts as present if one description fits.
  std::erase_if(absent, [&](const Id& pack) { return present.contains(pack); });
  return absent;
}

std::unique_ptr<Index> without(const Index& index, const std::unordered_set<Id>& packs) {
  auto rest = std::make_unique<Index>();
  index.for_each_pack([&](const PackSummary& pack, const std::vector<PackEntry>& entries) {
    if (!packs.contains(pack.id)) rest->add_pack({.pack = pack.id, .blobs = entries});
  });
  return rest;
}

}  // namespace

std::unique_ptr<Index> load_readable_index(const Repository& repository, const NoticeSink& notice,
                                           const std::stop_token& stop) {
  LoadIndexReport report;
  std::unique_ptr<Index> index = load_index(repository, stop, &report);
  for (const IndexProblem& problem : report.problems) {
    notice(with_sentence(problem.message,
                         _("What only this index file lists is missing for this command, which "
                           "goes on with the others")));
  }
  return index;
}

ReliableIndex load_reliable_index(const Repository& repository, const std::stop_token& stop,
                                  std::vector<IndexProblem>* damaged) {
  ReliableIndex loaded;
  if (damaged != nullptr) {
    LoadIndexReport report;
    loaded.index = load_undamaged_index(repository, stop, report);
    *damaged = std::move(report.problems);
  } else {
    loaded.index = load_index(repository, stop);
  }
  if (absent_packs(*loaded.index, repository.packs_at_opening()).empty()) return loaded;
  const std::unordered_set<Id> absent =
      absent_packs(*loaded.index, repository.backend().list(FileKind::pack));
  if (absent.empty()) return loaded;
  loaded.index = without(*loaded.index, absent);
  loaded.absent_packs.assign(absent.begin(), absent.end());
  std::ranges::sort(loaded.absent_packs);
  return loaded;
}

}  // namespace medsave
