#pragma once

#include <string>
#include <vector>

namespace medsave {

/// How snapshots are named in the mounted folder.
struct MountNames {
  /// One path each; %i short id, %I id, %u user, %h host, %t each tag, %T time.
  std::vector<std::string> path_templates = {"ids/%i", "snapshots/%T", "hosts/%h/%T", "tags/%t/%T"};
  /// The moment Mon Jan 2 15:04:05 -0700 MST 2006 as %T is to show it.
  std::string time_template = "2006-01-02T15:04:05Z07:00";
};

/// Throws Error(usage) for names no layout can be made of.
void check_mount_names(const MountNames& names);

}  // namespace medsave
