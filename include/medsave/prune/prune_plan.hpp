#pragma once

#include "medsave/backend/backend.hpp"
#include "medsave/prune/unused_limit.hpp"
#include "medsave/prune/used_blobs.hpp"
#include "medsave/repo/index.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace medsave {

/// What make_prune_plan() may leave unused and repack, as the options of `prune` say.
struct PruneOptions {
  UnusedLimit max_unused = {};
  std::optional<std::uint64_t> max_repack_bytes = {};
  std::optional<std::uint64_t> repack_below = {};  // bytes: packs smaller than this are small
  bool repack_small = false;                       // also when there are few small packs
  bool repack_cacheable_only = false;              // leave packs of file contents alone
  bool repack_uncompressed = false;
};

/// Blobs and the bytes they take, sealed.
struct BlobTotals {
  std::uint64_t blobs = 0;
  std::uint64_t bytes = 0;

  void add(std::uint64_t more_blobs, std::uint64_t more_bytes) {
    blobs += more_blobs;
    bytes += more_bytes;
  }
};

/// What there is and what becomes of it.
struct PruneStats {
  BlobTotals used = {};
  BlobTotals duplicate = {};  // copies nobody needs of blobs that are needed
  BlobTotals unused = {};
  BlobTotals removed = {};         // with whole packs
  BlobTotals repacked = {};        // read and in part stored again
  BlobTotals repack_removes = {};  // of those, left behind
  std::uint64_t unindexed_bytes = 0;
  std::uint64_t packs_used = 0;  // entirely
  std::uint64_t packs_partly_used = 0;
  std::uint64_t packs_unused = 0;
  std::uint64_t packs_kept = 0;

  /// Blobs that go away, and those that stay.
  [[nodiscard]] BlobTotals pruned() const;
  [[nodiscard]] BlobTotals remaining() const;
  [[nodiscard]] std::uint64_t total_bytes() const;
  [[nodiscard]] std::uint64_t unused_bytes_after() const;
};

/// A pack that goes away.
struct PackToDelete {
  Id id = {};
  std::uint64_t size = 0;        // bytes of the file
  std::uint64_t used_bytes = 0;  // of needed blobs, which move to other packs
};

/// What pruning does to a repository. `--dry-run` shows it.
struct PrunePlan {
  std::vector<ListedFile> unindexed = {};  // packs that no index file lists: leftovers
  std::vector<Id> missing = {};            // packs without a file, of which nothing is needed
  std::vector<PackToDelete> remove = {};   // nothing in them is needed
  std::vector<PackToDelete> repack = {};
  PruneStats stats = {};

  [[nodiscard]] bool changes_index() const {
    return !missing.empty() || !remove.empty() || !repack.empty();
  }
};

/// Decides what to do with each pack (the rules are those of restic). `listing`: the packs that
/// exist. `version`: of the repository. The outcome depends on nothing else. Throws Error(corrupt)
/// naming a pack that is missing or has a wrong size and holds the only copy of a needed blob.
PrunePlan make_prune_plan(const Index& index, const std::vector<ListedFile>& listing,
                          const BlobMarks& used, const PruneOptions& options,
                          std::uint32_t version);

}  // namespace medsave
