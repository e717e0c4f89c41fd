#pragma once

// remote: repositories on servers. Begin here: what --repo can name, and how it is opened.
// sftp_backend.hpp, rest_backend.hpp, s3_backend.hpp and rclone_backend.hpp implement Backend;
// retry_backend.hpp repeats requests that failed.

#include "medsave/backend/backend.hpp"
#include "medsave/remote/remote_options.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace medsave {

/// Opens the backend that a `--repo` value names: "sftp:...", "rest:...", "s3:...", "rclone:...",
/// "local:PATH" or a plain path. Throws Error(usage) for any other scheme, instead of taking it for
/// a folder name, and for an extended option that this kind of repository does not have.
std::unique_ptr<Backend> open_location(const std::string& location, const RemoteOptions& options);

/// Throws Error(usage) for a location whose address is none, or of another scheme. Does no I/O.
void check_location(const std::string& location);
/// `location` with *** for what may be a password in it.
std::string mask_location(const std::string& location);

/// An option for -o.
struct ExtendedOption {
  std::string name = {};  // "sftp.command"
  std::string text = {};  // what it does, translated
};
std::vector<ExtendedOption> extended_options();

/// `location` with *** for passwords, secrets, tokens and keys where it is "rclone:" with a
/// connection string.
std::string mask_rclone_secrets(const std::string& location);

/// Folder of a repository on this machine's file systems, nullopt for remote ones.
std::optional<std::string> local_folder(const std::string& location);

}  // namespace medsave
