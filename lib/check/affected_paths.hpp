#pragma once

#include "damage_log.hpp"

#include "medsave/format/tree.hpp"
#include "medsave/repo/repository.hpp"

#include <cstddef>
#include <cstdint>
#include <stop_token>
#include <string>
#include <unordered_map>
#include <vector>

namespace medsave {

/// Finds the snapshots and paths that the damage affects. It takes a second walk, so it is made
/// only when there is damage. What was found below a folder is remembered: a clean one is not
/// entered again, nor any other once kMaxAffected paths are listed, when only their number counts.
class AffectedPaths {
 public:
  /// `suspects` are read once more: a blob with a good copy elsewhere is not lost.
  AffectedPaths(const Repository& repository, const Index& index, const BlobSet& suspects,
                const std::stop_token& stop);

  void add_snapshot(const SnapshotEntry& snapshot, CheckReport& report,
                    const std::stop_token& stop);

 private:
  /// A folder whose nodes are being visited.
  struct Level {
    Id tree = {};
    Tree nodes = {};
    std::size_t next = 0;            // in nodes
    std::size_t path_length = 0;     // of the folder's own path
    bool clean = true;               // so far
    std::uint64_t found_before = 0;  // affected_total when it was entered
  };
  struct Walk {
    const Id& snapshot;
    CheckReport& report;
    std::string path = {};  // of the folder or file in turn
    std::vector<Level> levels = {};
  };

  bool enter(Walk& walk, const Id& tree);
  void leave(Walk& walk);
  bool visit_node(Walk& walk, const Node& node);
  static void report(Walk& walk, const std::string& reason);

  const Repository& repository_;
  const Index& index_;
  std::unordered_map<Id, std::string> lost_;     // data blobs, with the reason
  std::unordered_map<Id, std::uint64_t> known_;  // trees, with the number of affected paths below
};

}  // namespace medsave
