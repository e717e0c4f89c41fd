#pragma once

#include <optional>
#include <string>
#include <system_error>

namespace medsave {

/// Paths as the system would follow them. What only takes the text of a path apart does not need
/// these: std::filesystem::path does that anywhere.

/// What a symbolic link points to, which need not exist; any other path as it is. For replacing a
/// file by rename, so that a link to it stays a link.
std::string resolve_link(const std::string& path);
/// An absolute path with every symbolic link followed, "." and ".." taken out. Links need not lead
/// to anything; what is not there stays as it is written.
std::string resolve_links(const std::string& path);
/// A path from the root, links and ".." left in; nullopt where the current folder is gone.
std::optional<std::string> make_absolute(const std::string& path);
/// The path of something that exists, from the root and without links; empty, and `error` set,
/// where the system cannot follow it.
std::string real_path(const std::string& path, std::error_code& error);

}  // namespace medsave
