#pragma once

#include "medsave/format/node.hpp"
#include "medsave/snap/snapshot_finder.hpp"

#include <string>
#include <string_view>

namespace medsave::cli {

/// "-rw-r--r--     0     0      8 2026-11-22 05:40:45 /src/a"; `shown` is the path as it may be
/// printed. Where a terminal of `columns` leaves little room for it, the owner is left out first,
/// then the mode, the size and the time; 0: it has room.
std::string long_line(const Node& node, const std::string& shown, const std::string& shown_target,
                      bool human_readable, std::size_t columns = 0);

/// One line of `ls --json`: the snapshot, then each node.
std::string snapshot_line(const SnapshotEntry& entry);
std::string node_line(const Node& node, const std::string& path);

/// Writes the export format of ncdu: nested arrays, one for each folder, its own record first.
class NcduWriter {
 public:
  /// Text that begins the export.
  [[nodiscard]] static std::string begin(const SnapshotEntry& entry);
  /// The record of one node; nodes come depth first, `path` tells where.
  std::string node(const Node& node, std::string_view path);
  std::string end();

 private:
  std::string close_to(std::size_t depth);
  std::size_t depth_ = 1;  // open arrays: the root's, then one for each open folder
};

}  // namespace medsave::cli
