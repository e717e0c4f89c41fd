#pragma once

#include "medsave/repo/blob_reader.hpp"

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string_view>
#include <vector>

namespace medsave {

/// What `stats` counts (--mode).
enum class StatsMode {
  restore_size,       // what restoring every snapshot would write; hard links once a snapshot
  files_by_contents,  // each content of a file once
  blobs_per_file,     // each blob once for each path that uses it
  raw_data,           // each blob once, as stored
};
/// "restore-size", "files-by-contents", "blobs-per-file", "raw-data".
std::string_view stats_mode_name(StatsMode mode);
std::optional<StatsMode> parse_stats_mode(std::string_view name);

/// What restic's `stats` counts. Sizes in bytes; what a mode does not count stays 0.
struct SnapshotStats {
  std::uint64_t snapshots = 0;
  std::uint64_t files = 0;    // all kinds of nodes
  std::uint64_t folders = 0;  // of these, counted for restore_size only
  std::uint64_t blobs = 0;
  std::uint64_t size = 0;
  // Of raw_data in repositories that compress; sealed size the blobs would have uncompressed.
  std::uint64_t uncompressed_size = 0;
  std::uint64_t compressed_blobs_size = 0;
  std::uint64_t compressed_blobs_uncompressed_size = 0;

  [[nodiscard]] double compression_ratio() const;         // 0: nothing is compressed
  [[nodiscard]] double compression_progress() const;      // percent
  [[nodiscard]] double compression_space_saving() const;  // percent
};

/// Walks the given root trees, one for each snapshot, each folder once. Throws Error for a folder
/// or a blob that is missing: the sum would be wrong.
SnapshotStats collect_stats(const BlobReader& reader, StatsMode mode, const std::vector<Id>& roots,
                            const std::stop_token& stop);

}  // namespace medsave
