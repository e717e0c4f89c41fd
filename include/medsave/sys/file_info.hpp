#pragma once

#include "medsave/base/clock.hpp"
#include "medsave/base/error.hpp"
#include "medsave/base/unix_mode.hpp"
#include "medsave/sys/dir_handle.hpp"
#include "medsave/sys/fd.hpp"

#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace medsave {

/// What makes two names the same entry.
struct FileKey {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  friend auto operator<=>(const FileKey&, const FileKey&) = default;
};

/// What lstat tells about a file. `mode` is st_mode with its type bits, as
/// medsave/base/unix_mode.hpp names them.
struct FileInfo {
  std::uint32_t mode = 0;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::uint64_t inode = 0;
  std::uint64_t device = 0;  // st_dev
  std::uint64_t rdev = 0;    // st_rdev
  std::uint64_t links = 0;
  std::uint64_t size = 0;       // bytes
  std::uint64_t allocated = 0;  // bytes, st_blocks * 512
  Timestamp mtime = {};
  Timestamp atime = {};
  Timestamp ctime = {};

  [[nodiscard]] FileKey key() const { return {.device = device, .inode = inode}; }
  [[nodiscard]] bool is_dir() const { return unix_mode::is_of_type(mode, unix_mode::kDir); }
  [[nodiscard]] bool is_regular() const { return unix_mode::is_of_type(mode, unix_mode::kFile); }
  [[nodiscard]] bool is_symlink() const { return unix_mode::is_of_type(mode, unix_mode::kSymlink); }
  [[nodiscard]] bool is_socket() const { return unix_mode::is_of_type(mode, unix_mode::kSocket); }
};

/// Functions below take an open folder and one name relative to it, so that paths longer than
/// PATH_MAX work and a swapped parent cannot redirect them; kCurrentDirectory and a path are
/// accepted too. Failures throw error_from_errno() naming `name`, except where an
/// optional return value says "does not exist" (ENOENT, ENOTDIR).

/// Without following a symlink. nullopt when there is no such entry.
std::optional<FileInfo> lstat_at(DirHandle dir, const std::string& name);
/// Following symlinks.
std::optional<FileInfo> stat_at(DirHandle dir, const std::string& name);
FileInfo fstat_fd(int fd);
FileInfo stat_dir(DirHandle dir);

/// Whether an entry keeps its inode number for as long as it exists. File systems in user space may
/// number entries anew when the kernel has forgotten them, and give two names of one entry two.
bool keeps_inode_numbers(int fd);
bool keeps_inode_numbers(DirHandle dir);

/// Whether the folder's file system is one of a local disk, all of which set the times of a folder
/// when a name comes or goes in it. What user space, servers and the kernel itself show as files
/// may not.
bool dates_changes_of_names(DirHandle dir);

/// Whether something else than what lies around it shows in this folder: another file system, a
/// part of one (a bind mount, which may be of the same file system), or a subvolume.
bool is_mount_point(DirHandle folder);

/// Whether the rights of a folder let this user make entries in it.
bool may_write_in(const std::string& folder);

/// Opens a directory for reading (O_DIRECTORY | O_NOFOLLOW unless `follow`).
UniqueDir open_dir_at(DirHandle dir, const std::string& name, bool follow = false);
/// A folder to reach others below it, whatever is mounted or put at its path later (O_PATH): it
/// cannot be listed or synced itself, and need not be readable. Follows symlinks and mounts.
UniqueDir hold_dir(const std::string& path);
/// Opens a file for reading: O_NOFOLLOW, O_NONBLOCK (a fifo put in its place must not hang),
/// O_NOATIME where permitted.
UniqueFd open_file_at(DirHandle dir, const std::string& name, bool follow = false);

/// Names in a directory, without "." and "..", unsorted. For one thread at a time.
std::vector<std::string> list_dir(DirHandle dir);
/// The same of a directory that may be damaged: where the system fails midway, the names that it
/// listed until then, and why in `cut_short`.
std::vector<std::string> list_dir(DirHandle dir, std::optional<Error>& cut_short);

/// An entry of a folder that was listed.
struct DirEntry {
  std::string name = {};
  /// What lstat_at() would tell of it, where the system tells that in the request that lists the
  /// folder (as Windows does). Unix lists names only.
  std::unique_ptr<const FileInfo> info = {};
};

/// As list_dir(), for who then asks for each entry, or for some of them: by the functions below,
/// which make a request only for what the listing has not told.
std::vector<DirEntry> list_entries(DirHandle dir);
std::vector<DirEntry> list_entries(DirHandle dir, std::optional<Error>& cut_short);
/// As lstat_at() and stat_at() of its name.
std::optional<FileInfo> lstat_at(DirHandle dir, const DirEntry& entry);
std::optional<FileInfo> stat_at(DirHandle dir, const DirEntry& entry);

std::string read_link_at(DirHandle dir, const std::string& name);

}  // namespace medsave
