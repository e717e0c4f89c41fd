#pragma once

#include "medsave/base/id.hpp"
#include "medsave/format/time_text.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace medsave {

/// Counters of the backup that made a snapshot; sizes in bytes.
struct SnapshotSummary {
  ZonedTime backup_start = {};
  ZonedTime backup_end = {};
  std::uint64_t files_new = 0;
  std::uint64_t files_changed = 0;
  std::uint64_t files_unmodified = 0;
  std::uint64_t dirs_new = 0;
  std::uint64_t dirs_changed = 0;
  std::uint64_t dirs_unmodified = 0;
  std::uint64_t data_blobs = 0;
  std::uint64_t tree_blobs = 0;
  std::uint64_t data_added = 0;         // plaintext bytes of new blobs
  std::uint64_t data_added_packed = 0;  // stored bytes of these
  std::uint64_t total_files_processed = 0;
  std::uint64_t total_bytes_processed = 0;
  friend bool operator==(const SnapshotSummary&, const SnapshotSummary&) = default;
};

/// The path of the snapshots that `recover` makes: no folder of that name was saved.
inline constexpr const char* kRecoveredPath = "/recover";

/// The content of a snapshot file. Meaning of the fields: medsave-repository(5), "SNAPSHOTS".
struct Snapshot {
  ZonedTime time = {};
  std::optional<Id> parent = {};
  Id tree = {};
  std::vector<std::string> paths = {};
  std::string hostname = {};
  std::string username = {};
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::vector<std::string> excludes = {};
  std::vector<std::string> tags = {};
  std::optional<Id> original = {};
  std::string program_version = {};
  std::optional<SnapshotSummary> summary = {};
  friend bool operator==(const Snapshot&, const Snapshot&) = default;
};

/// JSON in restic's field order, no newline.
std::string encode_snapshot(const Snapshot& snapshot);
/// Unknown fields are ignored. Throws Error(corrupt).
Snapshot decode_snapshot(std::string_view json);

}  // namespace medsave
