#pragma once

#include "medsave/base/clock.hpp"
#include "medsave/mount/mount_fs.hpp"
#include "medsave/snap/snapshot_finder.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace medsave {

/// What stands above the snapshots' own content: folders made from the path templates, in them
/// one folder per snapshot, and a link "latest" where names end with the time.
struct LayoutEntry {
  enum class Kind : std::uint8_t { folder, snapshot, link };

  Kind kind = Kind::folder;
  std::string path = {};    // from the mountpoint: "hosts/praxis"; empty for the root
  std::uint64_t inode = 0;  // of path, kind and snapshot: the same at every mount
  Timestamp time = {};      // of the (newest) snapshot
  Id tree = {};             // snapshots: their content
  std::string target = {};  // links
  std::map<std::string, std::shared_ptr<LayoutEntry>, std::less<>> children = {};  // folders
};
using LayoutPointer = std::shared_ptr<const LayoutEntry>;

/// `snapshots` oldest first. `start`: time of folders without a snapshot. `now` tells which
/// snapshots are dated in the future.
LayoutPointer make_layout(const std::vector<SnapshotEntry>& snapshots, const MountNames& names,
                          const Timestamp& start, const Timestamp& now);

/// What stands at `path`; empty when there is nothing.
LayoutPointer find_in_layout(const LayoutPointer& root, std::string_view path);

}  // namespace medsave
