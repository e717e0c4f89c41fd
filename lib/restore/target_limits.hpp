#pragma once

#include "medsave/base/progress.hpp"
#include "medsave/sys/dir_handle.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <tuple>

namespace medsave {

/// How an entry is made for a trial.
enum class EntryKind : std::uint8_t { file, dir, symlink };
enum class MetadataPart : std::uint8_t { owner, attributes, mode, times };
inline constexpr std::size_t kMetadataParts = 4;

/// What the target's file systems cannot hold at all: FAT, exFAT and many network drives know no
/// owners and modes. Such a refusal says nothing against the entry that met it, while one on a file
/// system that can (an immutable file, somebody else's) does. They are told apart by a trial: a
/// fresh entry of ours beside the refused one, to which the same is done. Refused too, it is the
/// file system; that is remembered, and only counted from then on. Thread-safe.
class TargetLimits {
 public:
  /// Whether the file system of folder `dir` explains that `step` was refused. `step` does to the
  /// entry of that name in `dir` what was refused.
  bool explain(DirHandle dir, EntryKind kind, MetadataPart part,
               const std::function<void(const std::string& name)>& step);

  /// An entry of which the target does not keep this, without refusing it.
  void add(MetadataPart part);
  /// Tells of everything counted, once for each part.
  void report(const NoticeSink& notice) const;

 private:
  mutable std::mutex mutex_;  // guards the following; held during a trial, so that one is enough
  std::set<std::tuple<std::uint64_t, EntryKind, MetadataPart>> refused_;  // by device
  std::array<std::uint64_t, kMetadataParts> counts_ = {};
};

}  // namespace medsave
