#pragma once

#include "listed_files.hpp"
#include "sftp_session.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace medsave {

// What is done with many folders over one session, all of them at a time. Errors as in
// sftp_files.hpp.

/// Calls `visit` for every entry of the folders, "." and ".." included, with the index of its
/// folder. Gives the indexes of the folders that do not exist. Throws Error(corrupt) when the
/// folders together have more entries than `most_entries`, or two million without a size;
/// Interrupted when the stop comes meanwhile.
std::vector<std::size_t> list_sftp_folders(
    SftpSession& session, const std::vector<std::string>& folders,
    const std::function<void(std::size_t, const SftpName&)>& visit,
    std::size_t most_entries = kMostListedFiles);

/// Makes folders, parents first. Fine if they exist.
void make_sftp_folders(SftpSession& session, const std::vector<std::string>& folders,
                       std::uint32_t mode);

/// Makes the entries of folders durable, together with whatever else is asked for. A server that
/// cannot do that at all is not asked for more; one that can and fails is an error.
class SftpFolderSync {
 public:
  SftpFolderSync(SftpSession& session, const std::vector<std::string>& folders);
  /// After session.finish(): throws sftp_sync_error() for the folders that are not durable, and for
  /// those that are missing unless they may be.
  void check(bool may_be_missing = false) const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

/// Removes temporary files that nobody has written to for a day: a living writer, of restic too,
/// is done with its own in less. Returns the bytes freed.
std::uint64_t remove_sftp_leftovers(SftpSession& session, const std::vector<std::string>& folders);

}  // namespace medsave
