#pragma once

#include "medsave/base/progress.hpp"
#include "medsave/repo/repository.hpp"

#include <cstddef>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

namespace medsave {

/// What repair_index(), the engine of `repair index`, is to do.
struct IndexRepairRequest {
  bool read_all_packs = false;  // trust no index file as long as the pack tells
  bool dry_run = false;
};

struct IndexRepairEvents {
  std::function<void(const std::string& stage)> stage = {};  // in the user's language
  NoticeSink change = {};   // what is done about one pack or index file
  NoticeSink warning = {};  // what could not be made good
};

struct IndexRepairReport {
  std::vector<Id> added = {};    // packs that no readable index file listed
  std::vector<Id> reread = {};   // packs that the index described wrongly
  std::vector<Id> missing = {};  // packs without a file, dropped from the index
  std::vector<Id> damaged = {};  // packs whose header is damaged
  std::vector<Id> unread = {};   // packs that could not be read; what the index says of them stays
  std::size_t lost_blobs = 0;    // listed before, but no longer found anywhere
  std::size_t replaced_files = 0;

  [[nodiscard]] bool changed() const { return replaced_files != 0 || !added.empty(); }
};

/// Makes the index fit the packs that exist. Index files that are right stay; the others are
/// replaced, from what other index files say and from the headers of the packs. Of a pack whose
/// header is damaged, those blobs stay listed that an index file knew and that prove intact, so
/// that `repair packs` can save them. New index files are durable before old ones are deleted.
/// The caller holds an exclusive lock.
IndexRepairReport repair_index(const Repository& repository, const IndexRepairRequest& request,
                               const IndexRepairEvents& events, Progress& progress,
                               const std::stop_token& stop);

}  // namespace medsave
