#pragma once

#include "medsave/base/progress.hpp"
#include "medsave/repo/blob_reader.hpp"

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>

namespace medsave {

/// What one side has more than the other.
struct DiffCounts {
  std::uint64_t files = 0;
  std::uint64_t dirs = 0;
  std::uint64_t others = 0;
  std::uint64_t data_blobs = 0;
  std::uint64_t tree_blobs = 0;
  std::uint64_t bytes = 0;  // plaintext of these blobs
};

struct DiffStatistics {
  std::uint64_t changed_files = 0;
  DiffCounts added = {};
  DiffCounts removed = {};
};

/// `modifier`: "+" added, "-" removed, "T" of another type, "M" with other content, "M?" with other
/// content although all metadata is equal, "U" with other metadata; T goes together with U and M.
/// Folders end with "/".
using ChangeSink = std::function<void(const std::string& path, const std::string& modifier)>;

struct DiffRequest {
  Id before = {};  // trees
  Id after = {};
  bool metadata = false;  // tell of "U"
};

/// Compares two trees name by name; folders with equal ids are compared no further. A folder below
/// the two that cannot be loaded is reported to `problem` and left out.
DiffStatistics diff_trees(const BlobReader& reader, const DiffRequest& request,
                          const ChangeSink& change, const NoticeSink& problem,
                          const std::stop_token& stop);

}  // namespace medsave
