#pragma once

#include "blob_transfer.hpp"
#include "copy_damage.hpp"

#include "medsave/format/tree.hpp"
#include "medsave/par/work_stack.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <unordered_set>
#include <vector>

namespace medsave {

/// A blob of file contents that the target lacks, and where the source has it.
struct WantedBlob {
  Id pack = {};
  PackEntry entry = {};
};

/// What a snapshot needs that the target did not have.
struct CopyNeeds {
  std::vector<WantedBlob> wanted = {};  // in any order
  bool trees_stored = false;

  [[nodiscard]] bool empty() const { return wanted.empty() && !trees_stored; }
};

/// Follows the trees of snapshots on all cores, copies those that the target lacks, and lists the
/// missing contents. Each tree is visited once in its life. A tree that the source has lost is read
/// from the target; where that has not got it either, it goes to the damage, and the walk goes on.
class CopyWalk {
 public:
  /// All arguments outlive it.
  CopyWalk(const CopySource& source, const CopyTarget& target, BlobWriter& writer,
           CopyDamage& damage, bool keep_frames, bool verify);

  /// For the snapshot with this root, without what was listed before.
  CopyNeeds run(const Id& root, const std::stop_token& stop);

 private:
  void work(const std::stop_token& stop);
  void follow(const Id& tree, BlobTransfer& transfer, std::vector<Id>& found,
              std::vector<WantedBlob>& wanted);
  std::optional<Tree> load(const Id& tree, BlobTransfer& transfer);
  std::optional<Tree> judged(const BlobRef& blob, Tree tree);
  std::optional<Error> transfer_tree(const BlobRef& blob, BlobTransfer& transfer);
  bool is_first_visit(const BlobRef& blob);

  const CopySource& source_;
  const CopyTarget& target_;
  BlobWriter& writer_;
  CopyDamage& damage_;
  const BlobReader target_reader_;
  const bool keep_frames_;
  const bool verify_;
  std::vector<std::atomic<bool>> seen_;  // by Index::blob_number() of the source
  WorkStack<Id> trees_;
  std::mutex mutex_;  // guards the following
  CopyNeeds needs_;
  std::unordered_set<Id> unlisted_;  // visited, and unknown to the source's index
};

}  // namespace medsave
