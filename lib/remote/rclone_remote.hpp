#pragma once

#include <string>
#include <utility>
#include <vector>

namespace medsave {

// A remote as rclone reads it may be a connection string, with options between its name and its
// path: "drive,token=...:folder", ":webdav,url=https://host/,user=me,pass=...:folder".

/// `remote` with *** for passwords, secrets, tokens and keys in it.
std::string mask_remote(const std::string& remote);
/// `text` without the passwords of the connection string `remote`.
std::string hide_secrets(std::string text, const std::string& remote);

/// A remote as it may stand in the list of processes, which everybody on the computer can read, and
/// what it lacks then, by rclone's environment variables.
struct RcloneRemote {
  std::string argument = {};
  std::vector<std::pair<std::string, std::string>> environment = {};
};
/// Throws Error(usage) where a secret has a place that no variable reaches, and where the options
/// cannot be told from the path.
RcloneRemote move_secrets(const std::string& remote);

}  // namespace medsave
