#pragma once

#include "medsave/backend/backend.hpp"
#include "medsave/remote/remote_options.hpp"

#include <memory>
#include <string>

namespace medsave {

/// A repository on anything rclone reaches: starts `rclone serve restic` for `remote` (what follows
/// "rclone:", e.g. "nas:backups") on a private socket or loopback port with a random password, and
/// ends it on destruction. Throws Error(usage) when rclone is not installed or knows no such
/// remote. Extended options: rclone.program, rclone.args, rclone.connections.
std::unique_ptr<Backend> make_rclone_backend(const std::string& remote,
                                             const RemoteOptions& options);

}  // namespace medsave
