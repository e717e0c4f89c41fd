#pragma once

#include "medsave/backend/backend.hpp"
#include "medsave/base/error.hpp"

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace medsave {

/// Throws Error(unreachable) where a server does not have a file any more as it took it: `there` is
/// the size it has now, nullopt where it has none.
void require_kept(const std::string& name, std::uint64_t stored,
                  std::optional<std::uint64_t> there);

/// Whether files of this kind refer to files stored before, so that they must not be stored if
/// those were lost.
bool needs_others(FileKind kind);

/// What servers that speak HTTP have taken in this run. One that keeps it in memory for a while (a
/// NAS, the drive behind rclone) comes back without it when its power fails, and says nothing of
/// that. So all of it is looked for whenever the server may have been started again. Locks and the
/// config do not count. A file that was lost stays lost: every confirm() throws from then on.
/// Thread-safe.
class StoredFiles {
 public:
  void note(const FileRef& file, std::uint64_t size);
  /// It is about to be deleted.
  void forget(const FileRef& file);
  /// The server may have been restarted, so confirm() has to ask it for all files again.
  void doubt();
  /// Returns when the server has all that was noted before; asks it only where there is doubt, by
  /// one list of each kind. Throws Error(unreachable) where it has lost a file, and what asking
  /// throws.
  void confirm(Backend& server);

 private:
  using Sizes = std::unordered_map<Id, std::uint64_t>;
  void ask(Backend& server);
  std::vector<FileKind> kinds();
  std::vector<ListedFile> not_listed(FileKind kind, const std::vector<ListedFile>& listed);

  // Held by confirm() to its end: a second caller must not return before the server has answered
  // the first.
  std::mutex confirm_mutex_;
  std::mutex mutex_;  // guards what follows
  std::map<FileKind, Sizes> stored_;
  std::uint64_t doubts_ = 0;     // how often there was one
  std::uint64_t confirmed_ = 0;  // the last of them that confirm() removed
  std::optional<Error> failure_;
};

}  // namespace medsave
