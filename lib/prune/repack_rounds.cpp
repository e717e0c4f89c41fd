#include "medsave/prune/repack_rounds.hpp"

#include "medsave/prune/prune_plan.hpp"

#include <algorithm>
#include <numeric>

namespace medsave {
namespace {

// Index files, pack headers and what the file system needs for itself, in bytes.
constexpr std::uint64_t kReserve = 16ULL << 20U;

std::uint64_t sum_sizes(const std::vector<PackToDelete>& packs) {
  return std::accumulate(
      packs.begin(), packs.end(), std::uint64_t{0},
      [](std::uint64_t sum, const PackToDelete& pack) { return sum + pack.size; });
}

std::vector<Id> ids_of(const std::vector<PackToDelete>& packs) {
  std::vector<Id> ids;
  for (const PackToDelete& pack : packs) ids.push_back(pack.id);
  return ids;
}

}  // namespace

RepackRounds plan_repack_rounds(const PrunePlan& plan, std::optional<std::uint64_t> free_bytes) {
  RepackRounds out;
  std::uint64_t wanted = kReserve;
  for (const PackToDelete& pack : plan.repack) wanted += pack.used_bytes;
  if (plan.repack.empty() || !free_bytes || *free_bytes + plan.stats.unindexed_bytes >= wanted) {
    out.rounds.push_back(ids_of(plan.repack));
    return out;
  }
  // The unneeded packs first, then those that free the most for what they need. A round frees
  // at least as much as it has written, so room never shrinks from one to the next.
  std::vector<PackToDelete> left = plan.repack;
  std::stable_sort(left.begin(), left.end(), [](const PackToDelete& a, const PackToDelete& b) {
    return a.used_bytes < b.used_bytes;
  });
  out.rounds.emplace_back();
  std::uint64_t room = *free_bytes + plan.stats.unindexed_bytes + sum_sizes(plan.remove);
  for (auto next = left.begin(); next != left.end();) {
    std::vector<Id> round;
    std::uint64_t written = 0;
    std::uint64_t freed = 0;
    for (; next != left.end() && kReserve + written + next->used_bytes <= room; ++next) {
      round.push_back(next->id);
      written += next->used_bytes;
      freed += next->size;
    }
    if (round.empty()) {
      const std::uint64_t lacking = kReserve + next->used_bytes - room;
      return {.rounds = {}, .required = *free_bytes + lacking};
    }
    room += freed - std::min(freed, written);
    out.rounds.push_back(std::move(round));
  }
  return out;
}

}  // namespace medsave
