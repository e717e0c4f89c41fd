#pragma once

#include "medsave/base/clock.hpp"
#include "medsave/sys/fd.hpp"

#include <cstdint>
#include <string>

namespace medsave {

/// Changes to the file system for restore: always one name relative to a directory descriptor,
/// never following a symlink in the last component. Failures throw Error::from_errno.

UniqueFd create_file_at(int dir, const std::string& name, unsigned mode);  // O_EXCL | O_NOFOLLOW
UniqueFd open_file_for_update_at(int dir, const std::string& name);        // O_RDWR | O_NOFOLLOW
void make_dir_at(int dir, const std::string& name, unsigned mode);
void make_symlink_at(int dir, const std::string& name, const std::string& target);
void make_link_at(int from_dir, const std::string& from, int to_dir, const std::string& to);
/// Fifos and devices; `mode` holds the S_IF type bits.
void make_node_at(int dir, const std::string& name, std::uint32_t mode, std::uint64_t rdev);
void rename_at(int from_dir, const std::string& from, int to_dir, const std::string& to);
/// The same, but throws Error(exists) where there is a `to` already, also one made meanwhile by
/// somebody else (on file systems that offer neither that nor hard links the check comes first).
void rename_new_at(int from_dir, const std::string& from, int to_dir, const std::string& to);
void remove_file_at(int dir, const std::string& name);
/// Removes a file, or a directory with everything in it; never follows symlinks.
/// Returns how many entries went.
std::uint64_t remove_tree_at(int dir, const std::string& name);

void set_owner_at(int dir, const std::string& name, std::uint32_t uid, std::uint32_t gid);
void set_permissions_at(int dir, const std::string& name, std::uint32_t permissions);  // 07777
void set_times_at(int dir, const std::string& name, const Timestamp& atime, const Timestamp& mtime);

/// Reserves `size` bytes where supported, without changing the length; no error when it is not.
void preallocate(int fd, std::uint64_t size);
void truncate_fd(int fd, std::uint64_t size, const std::string& what);

/// Writes `data` at `offset`, leaving holes for aligned runs of zeros (the file must be new or
/// truncated there before).
void pwrite_sparse(int fd, std::uint64_t offset, const void* data, std::size_t size,
                   const std::string& what);

}  // namespace medsave
