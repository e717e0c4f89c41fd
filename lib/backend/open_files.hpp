#pragma once

#include "medsave/base/id.hpp"
#include "medsave/sys/dir_handle.hpp"
#include "medsave/sys/fd.hpp"

#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace medsave {

/// The packs read last, kept open: trees are read by thousands of small reads from the same few
/// packs. A descriptor stays valid for a thread that reads from it when it is evicted meanwhile.
/// Thread-safe.
class OpenFiles {
 public:
  /// nullptr when it is not open.
  std::shared_ptr<const UniqueFd> find(const Id& id);
  /// Opens `path`, relative to the folder `dir`, after find() found nothing. Throws Error.
  std::shared_ptr<const UniqueFd> open(const Id& id, DirHandle dir, const std::string& path);
  /// Closes it, as the file is about to be removed.
  void drop(const Id& id);

 private:
  using Entry = std::pair<Id, std::shared_ptr<const UniqueFd>>;

  std::mutex mutex_;         // guards recent_
  std::list<Entry> recent_;  // the last used first
};

}  // namespace medsave
