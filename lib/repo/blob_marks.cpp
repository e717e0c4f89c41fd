#include "medsave/repo/blob_marks.hpp"

#include <bit>
#include <numeric>

namespace medsave {
namespace {

constexpr std::size_t kBits = 64;

}  // namespace

BlobMarks::BlobMarks(const Index& index)
    : index_(&index), bits_((index.blob_count() + kBits - 1) / kBits) {}

bool BlobMarks::mark(std::size_t number) {
  const std::uint64_t bit = std::uint64_t{1} << (number % kBits);
  std::atomic<std::uint64_t>& word = bits_[number / kBits];
  // Most blobs are marked more than once. Reading first keeps the cache line shared between
  // processors.
  if ((word.load(std::memory_order_relaxed) & bit) != 0) return false;
  return (word.fetch_or(bit, std::memory_order_relaxed) & bit) == 0;
}

bool BlobMarks::contains(std::size_t number) const {
  if (number / kBits >= bits_.size()) return false;
  const std::uint64_t bit = std::uint64_t{1} << (number % kBits);
  return (bits_[number / kBits].load(std::memory_order_relaxed) & bit) != 0;
}

std::size_t BlobMarks::count() const {
  return std::accumulate(bits_.begin(), bits_.end(), std::size_t{0},
                         [](std::size_t sum, const std::atomic<std::uint64_t>& word) {
                           return sum + static_cast<std::size_t>(std::popcount(word.load()));
                         });
}

}  // namespace medsave
