#pragma once

#include "blob_transfer.hpp"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <vector>

namespace medsave {

/// A blob of file contents that the target lacks, and where the source has it.
struct WantedBlob {
  Id pack = {};
  PackEntry entry = {};
};

/// Follows the trees of snapshots on all cores, copies those that the target lacks, and lists the
/// missing contents. Each tree of the source is visited once in its life.
class CopyWalk {
 public:
  /// All arguments outlive it.
  CopyWalk(const CopySource& source, const CopyTarget& target, BlobWriter& writer, bool keep_frames,
           bool verify);

  /// What is missing of the snapshot with this root and was not listed before, in any order.
  std::vector<WantedBlob> run(const Id& root, const std::stop_token& stop);

 private:
  void work(const std::stop_token& stop);
  std::optional<Id> next_tree(const std::stop_token& stop);
  void follow(const Id& tree, BlobTransfer& transfer, std::vector<Id>& found,
              std::vector<WantedBlob>& wanted);
  void load(const Id& tree, BlobTransfer& transfer, Buffer& sealed);
  bool is_first_visit(const BlobRef& blob);

  const CopySource& source_;
  const CopyTarget& target_;
  BlobWriter& writer_;
  const bool keep_frames_;
  const bool verify_;
  std::vector<std::atomic<bool>> seen_;  // by Index::blob_number() of the source
  std::mutex mutex_;                     // guards the following
  std::condition_variable_any changed_;
  std::vector<Id> waiting_;
  unsigned busy_ = 0;
  std::vector<WantedBlob> wanted_;
};

}  // namespace medsave
