#pragma once

#include "medsave/repo/index.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace medsave {

/// Marks on blobs of an index: a bit for each. Thread-safe. `index` outlives it; blobs of
/// packs that are added later are not covered.
class BlobMarks {
 public:
  explicit BlobMarks(const Index& index);

  /// `number` is Index::blob_number(). False when it was marked before.
  bool mark(std::size_t number);
  [[nodiscard]] bool contains(std::size_t number) const;
  [[nodiscard]] std::size_t count() const;
  [[nodiscard]] const Index& index() const { return *index_; }

 private:
  const Index* index_;
  std::vector<std::atomic<std::uint64_t>> bits_;  // by Index::blob_number()
};

}  // namespace medsave
