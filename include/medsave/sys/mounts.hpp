#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace medsave {

/// What is mounted somewhere, as the kernel calls it.
struct MountedFileSystem {
  std::string type = {};    // "ext4", "fuse.rclone"
  std::string source = {};  // "/dev/sda1", "https://dav.example.org/"; a space in it reads "\\040"
};

/// The file system with this device number in a text like /proc/self/mountinfo. Source: proc(5).
std::optional<MountedFileSystem> find_mount(std::string_view mountinfo, unsigned major,
                                            unsigned minor);

/// That of a folder; nullopt where it cannot be told.
std::optional<MountedFileSystem> file_system_of(const std::string& folder);

/// Whether such a file system is a program that answers from memory and stores what it takes at a
/// server only later: then a file that is there, even after fsync, may never arrive.
bool uploads_later(const MountedFileSystem& mounted);

}  // namespace medsave
