#pragma once

#include "medsave/base/error.hpp"
#include "medsave/base/progress.hpp"
#include "medsave/check/checker.hpp"
#include "medsave/repo/index.hpp"

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <unordered_set>
#include <vector>

namespace medsave {

/// Makes sets of blobs; ids are hashes already.
struct BlobRefHash {
  std::size_t operator()(const BlobRef& blob) const noexcept { return std::hash<Id>()(blob.id); }
};
using BlobSet = std::unordered_set<BlobRef, BlobRefHash>;

/// Collects what the stages find and passes it on. Thread-safe; calls of the sink are serialised.
class DamageLog {
 public:
  DamageLog(const std::function<void(const Finding&)>& sink, Progress& progress)
      : sink_(sink), progress_(progress) {}

  void error(FindingKind kind, const Id& id, const std::string& message);
  /// One for all `packs`, of which there is one at least.
  void hint(FindingKind kind, std::vector<Id> packs, const std::string& message);
  /// A pack of which something is missing or wrong; also reports it.
  void broken_pack(FindingKind kind, const Id& pack, const std::string& message);
  /// A pack that this user may not read; also reports it.
  void unread_pack(const Id& pack, const Error& why);
  /// A pack that is there, with something wrong in it that is reported otherwise.
  void note_rotten_pack(const Id& pack);
  /// Blobs whose copy in some pack is bad; another copy may be good.
  void suspect(const std::vector<BlobRef>& blobs);
  /// Remembers whether anything could not be read for lack of permission: such files may be whole.
  void note_reason(const Error& error) {
    if (error.code() == Errc::permission) access_denied_ = true;
  }
  /// Some tree or file refers to what is not there or not valid.
  void note_broken_reference() { broken_reference_ = true; }
  /// Some entry is of a type that this program does not know, which need not be damage.
  void note_unknown_type() { unknown_type_ = true; }

  [[nodiscard]] bool is_broken_pack(const Id& pack) const { return broken_ids_.contains(pack); }
  [[nodiscard]] const BlobSet& suspects() const { return suspects_; }
  [[nodiscard]] bool has_broken_references() const { return broken_reference_; }
  [[nodiscard]] bool has_unknown_types() const { return unknown_type_; }
  [[nodiscard]] bool access_denied() const { return access_denied_; }
  /// Counts and broken packs so far. The stages above must have ended.
  void fill(CheckReport& report) const;

 private:
  void report(const Finding& finding);

  const std::function<void(const Finding&)>& sink_;
  Progress& progress_;
  std::mutex mutex_;  // guards everything below and calls of sink_
  std::uint64_t errors_ = 0;
  std::uint64_t hints_ = 0;
  std::vector<Id> broken_packs_;
  std::vector<Id> rotten_packs_;
  std::unordered_set<Id> broken_ids_;
  BlobSet suspects_;
  std::atomic<bool> broken_reference_ = false;
  std::atomic<bool> unknown_type_ = false;
  std::atomic<bool> access_denied_ = false;
};

}  // namespace medsave
