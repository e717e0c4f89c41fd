#pragma once

#include "sftp_session.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace medsave {

// What is done with many folders over one session, all of them at a time. Errors as in
// sftp_files.hpp.

/// Calls `visit` for every entry of the folders, "." and ".." included, with the index of its
/// folder. Gives the indexes of the folders that do not exist.
std::vector<std::size_t> list_sftp_folders(
    SftpSession& session, const std::vector<std::string>& folders,
    const std::function<void(std::size_t, const SftpName&)>& visit);

/// Makes folders, parents first. Fine if they exist.
void make_sftp_folders(SftpSession& session, const std::vector<std::string>& folders,
                       std::uint32_t mode);

/// Makes the entries of folders durable. Servers that cannot do that are not asked for more.
void sync_sftp_folders(SftpSession& session, const std::vector<std::string>& folders);

}  // namespace medsave
