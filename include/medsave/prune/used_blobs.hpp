#pragma once

#include "medsave/base/progress.hpp"
#include "medsave/repo/index.hpp"
#include "medsave/repo/repository.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <stop_token>
#include <vector>

namespace medsave {

/// Which blobs of an index are needed: a bit for each. Thread-safe. `index` outlives it; blobs of
/// packs that are added later are not covered.
class UsedBlobs {
 public:
  explicit UsedBlobs(const Index& index);

  /// False when it was marked before.
  bool mark(std::size_t number);
  [[nodiscard]] bool contains(std::size_t number) const;
  [[nodiscard]] std::size_t count() const;
  [[nodiscard]] const Index& index() const { return *index_; }

 private:
  const Index* index_;
  std::vector<std::atomic<std::uint64_t>> bits_;  // by Index::blob_number()
};

/// Everything that the trees `roots` lead to, found on all cores; each tree is read once.
/// `progress` counts trees. Throws Error(corrupt / not_found / io) for the first tree that cannot
/// be read or understood, and for the first blob that no index file lists: what is needed is then
/// unknown, and nothing may be deleted.
UsedBlobs find_used_blobs(const Repository& repository, const Index& index,
                          const std::vector<Id>& roots, Progress& progress,
                          const std::stop_token& stop);

}  // namespace medsave
