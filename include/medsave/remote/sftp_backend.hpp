#pragma once

#include "medsave/backend/backend.hpp"
#include "medsave/remote/remote_options.hpp"

#include <memory>
#include <string>

namespace medsave {

/// A repository in a folder behind SSH. `address` is what follows "sftp:": "[user@]host:path" or
/// "//[user@]host[:port]/path" (a path that starts with a second slash is absolute). SSH itself is
/// a child process, by default `ssh [-p PORT] [-l USER] -s HOST sftp`, so everything the user's
/// OpenSSH is configured for holds. Throws Error(usage) for an address that is none.
/// Extended options: sftp.command, sftp.args, sftp.connections.
/// Source: draft-ietf-secsh-filexfer-02 (SFTP version 3), OpenSSH PROTOCOL for the extensions.
std::unique_ptr<Backend> make_sftp_backend(const std::string& address,
                                           const RemoteOptions& options);

}  // namespace medsave
