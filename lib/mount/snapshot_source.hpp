#pragma once

#include "snapshot_layout.hpp"

#include "medsave/base/progress.hpp"
#include "medsave/repo/index.hpp"
#include "medsave/repo/repository.hpp"
#include "medsave/snap/snapshot_finder.hpp"

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <stop_token>
#include <string>

namespace medsave {

/// The snapshots to be shown, with the index that finds their content; both follow what others
/// do to the repository meanwhile. Thread-safe.
class SnapshotSource {
 public:
  /// Loads snapshots, then the index. An index file that cannot be read is reported to `notice`:
  /// much of the rest can be seen without it.
  SnapshotSource(const Repository& repository, const MountRequest& request, NoticeSink notice,
                 const std::stop_token& stop);

  [[nodiscard]] const Index& index() const { return *index_; }

  /// Looks for new and removed snapshots, unless that was done within `interval`; a failure is
  /// reported and leaves the layout as it was.
  LayoutPointer layout(std::chrono::milliseconds interval = std::chrono::seconds(1));

 private:
  using SteadyClock = std::chrono::steady_clock;

  std::set<Id> list(FileKind kind) const;
  void refresh();
  /// Whether the shown ones changed.
  bool follow(const std::set<Id>& listed);
  void load_new_indexes();
  void publish();

  const Repository& repository_;
  const MountRequest& request_;
  NoticeSink notice_;
  Timestamp start_;
  std::unique_ptr<Index> index_;
  std::mutex refreshing_;  // one thread looks; guards the following
  std::map<Id, Snapshot> snapshots_;
  std::set<Id> known_;  // snapshots looked at, also those not shown
  std::set<Id> indexes_;
  std::string last_failure_;
  mutable std::mutex mutex_;  // guards layout_, next_look_
  LayoutPointer layout_;
  SteadyClock::time_point next_look_;
};

}  // namespace medsave
