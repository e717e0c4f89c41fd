#pragma once

#include "sftp_session.hpp"

#include "medsave/backend/backend.hpp"
#include "medsave/backend/file_layout.hpp"

#include <functional>
#include <vector>

namespace medsave {

/// The files of this kind on an SFTP server, each with its size, which is asked for where the list
/// does not tell it. `on_folders` learns whether any of the kind's folders is there, and throws
/// where that must not be. Throws Error(corrupt) for a name with capital letters.
std::vector<ListedFile> list_sftp_files(SftpSession& session, const FileLayout& layout,
                                        FileKind kind,
                                        const std::function<void(bool any)>& on_folders);

}  // namespace medsave
