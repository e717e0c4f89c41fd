#pragma once

#include "medsave/base/error.hpp"
#include "medsave/maintain/copier.hpp"

#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <unordered_map>
#include <unordered_set>

namespace medsave {

/// What of the source could not be copied, and which snapshots therefore have to stay behind.
class CopyDamage {
 public:
  /// `target` outlives it.
  explicit CopyDamage(const CopyTarget& target) : target_(target) {}

  /// The target lacks the blob, and no copy of the source can be read. Thread-safe.
  void add(const BlobRef& blob, const Error& why);
  /// The blob is not to be part of any copy, though the target may have it. Thread-safe.
  void refuse(const BlobRef& blob, std::string why);

  /// Why the snapshot with this root is not whole in the target, or nullopt if it is. Call when all
  /// it needs has been stored and indexed as far as possible. Costs nothing while there is no
  /// damage; else the target's trees are read, each once as long as they are whole.
  std::optional<std::string> why_not_whole(const Id& root, const std::stop_token& stop);

 private:
  std::optional<std::string> why_missing(const BlobRef& blob) const;

  const CopyTarget& target_;
  std::mutex mutex_;  // guards reasons_ and refused_ while there are threads
  std::unordered_map<Id, std::string> reasons_;
  std::unordered_map<Id, std::string> refused_;
  std::unordered_set<Id> whole_;  // trees, with all below them
};

}  // namespace medsave
