#pragma once

#include "sftp_pool.hpp"

#include "medsave/base/error.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace medsave {

class SftpFolderSync;

/// What one backend still has to make durable on its server: the entries of folders, for the files
/// themselves are durable before they get their names. A failure stays: nobody can tell any more
/// what the server kept. Thread-safe.
class SftpDurability {
 public:
  /// `standard`: the folders whose names other files rely on. A process that was killed may have
  /// left some there that are not durable, so they are synced before the first change.
  explicit SftpDurability(std::vector<std::string> standard) : standard_(std::move(standard)) {}

  /// The sync of the standard folders, sent along with other requests; null when it was done.
  /// check() it after session.finish() and then call begun().
  std::unique_ptr<SftpFolderSync> begin(SftpSession& session);
  void begun(const SftpFolderSync* sync);

  void note_change(const std::string& folder);
  /// A file that has its name, but in a folder that was not synced since.
  void note_file(const std::string& folder, const std::string& path, std::uint64_t size);
  /// Keeps a failure that concerns everything, and throws the one that was kept.
  void keep(const Error& failure);
  void check();

  /// Returns when everything noted before is durable. When a connection was lost meanwhile, the
  /// server may have been restarted: then it is asked whether it still has the files.
  /// False where there was nothing to ask for.
  bool barrier(SftpPool& pool);

 private:
  struct File {
    std::string path = {};
    std::uint64_t size = 0;  // bytes
  };
  struct Work {
    std::set<std::string> folders = {};
    std::vector<File> files = {};
  };
  Work take_work();
  void put_back(Work work);
  void sync(SftpSession& session, const Work& work, bool ask_for_files);

  const std::vector<std::string> standard_;
  std::atomic<bool> begun_ = false;
  // Held by barrier() to its end: a second caller must not return while the first still syncs
  // folders that concern both.
  std::mutex barrier_mutex_;
  std::uint64_t connections_lost_ = 0;  // at the last barrier
  std::mutex mutex_;                    // guards what follows
  Work work_;                           // since the last barrier
  std::optional<Error> failure_;
};

}  // namespace medsave
