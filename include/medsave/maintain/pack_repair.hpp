#pragma once

#include "medsave/base/progress.hpp"
#include "medsave/repo/blob_writer.hpp"
#include "medsave/repo/repository.hpp"

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

namespace medsave {

/// What repair_packs(), the engine of `repair packs`, is to do.
struct PackRepairRequest {
  std::vector<Id> packs = {};
  bool dry_run = false;
  BlobWriterOptions writer = {};
};

struct PackRepairEvents {
  std::function<void(const std::string& stage)> stage = {};  // in the user's language
  NoticeSink warning = {};
  /// Keeps a copy of a damaged pack file as it is, outside of the repository, or throws; nothing
  /// has been changed then. Not called in a dry run.
  std::function<void(const Id& pack, ByteView content)> keep_copy = {};
};

struct PackRepairReport {
  std::uint64_t saved_blobs = 0;
  std::uint64_t lost_blobs = 0;  // unreadable, in every other pack too
  std::uint64_t removed_packs = 0;
};

/// Moves the intact blobs of damaged packs to new ones, takes the damaged packs out of the index
/// and deletes them: in this order, each step durable before the next. A pack of which no copy
/// could be made, since its medium refuses to read it, is taken out of the index but not deleted.
/// The caller holds an exclusive lock. Throws Error(not_found) for a pack that does not exist.
PackRepairReport repair_packs(const Repository& repository, const PackRepairRequest& request,
                              const PackRepairEvents& events, Progress& progress,
                              const std::stop_token& stop);

}  // namespace medsave
