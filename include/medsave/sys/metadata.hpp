#pragma once

#include "medsave/base/clock.hpp"
#include "medsave/sys/dir_handle.hpp"
#include "medsave/sys/fd.hpp"
#include "medsave/sys/file_info.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace medsave {

/// Changes to the file system for restore: always one name relative to an open folder,
/// never following a symlink in the last component. Failures throw error_from_errno().

/// For reading and writing; throws where there is something of that name.
UniqueFd create_file_at(DirHandle dir, const std::string& name, unsigned mode);
/// Errors name `what` instead, where `name` is none that a user knows.
UniqueFd create_file_at(DirHandle dir, const std::string& name, unsigned mode,
                        const std::string& what);
/// For reading and writing.
UniqueFd open_file_for_update_at(DirHandle dir, const std::string& name);
void make_dir_at(DirHandle dir, const std::string& name, unsigned mode);
void make_symlink_at(DirHandle dir, const std::string& name, const std::string& target);
/// False where the file system has no hard links, takes no more of this file, or ends between the
/// two folders.
bool make_link_at(DirHandle from_dir, const std::string& from, DirHandle to_dir,
                  const std::string& to);
/// Fifos and devices; `mode` holds the S_IF type bits.
void make_node_at(DirHandle dir, const std::string& name, std::uint32_t mode, std::uint64_t rdev);
void rename_at(DirHandle from_dir, const std::string& from, DirHandle to_dir,
               const std::string& to);
/// The same, but throws Error(exists) where there is a `to` already, also one made meanwhile by
/// somebody else (on file systems that offer neither that nor hard links the check comes first).
void rename_new_at(DirHandle from_dir, const std::string& from, DirHandle to_dir,
                   const std::string& to);
void remove_file_at(DirHandle dir, const std::string& name);

void set_owner_at(DirHandle dir, const std::string& name, std::uint32_t uid, std::uint32_t gid);
/// `permissions`: those of 07777.
void set_permissions_at(DirHandle dir, const std::string& name, std::uint32_t permissions);
void set_times_at(DirHandle dir, const std::string& name, const Timestamp& atime,
                  const Timestamp& mtime);

/// Reserves `size` bytes where supported, without changing the length; no error when it is not.
void preallocate(int fd, std::uint64_t size);
void truncate_fd(int fd, std::uint64_t size, const std::string& what);

/// Writes `data` at `offset`, leaving holes for aligned runs of zeros (the file must be new or
/// truncated there before).
void pwrite_sparse(int fd, std::uint64_t offset, const void* data, std::size_t size,
                   const std::string& what);

}  // namespace medsave
