#include "medsave/sys/metadata.hpp"

#include "native_dir.hpp"
#include "system_call.hpp"

#include "medsave/sys/file_info.hpp"
#include "medsave/sys/file_io.hpp"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>

namespace medsave {
namespace {

UniqueFd open_at(DirHandle dir, const std::string& name, int flags, unsigned mode,
                 const char* pattern, const std::string& what) {
  UniqueFd fd(retry_interrupted([&] {
    return ::openat(native(dir), name.c_str(), flags | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, mode);
  }));
  if (!fd) throw_errno(pattern, what);
  return fd;
}

/// fchmodat2 (Linux 6.6) does in one call what the C library otherwise does in four.
int change_mode(DirHandle dir, const char* name, mode_t mode) {
  constexpr long kFchmodat2 = 452;  // on all architectures but alpha
  static std::atomic<bool> missing = false;
  if (!missing.load(std::memory_order_relaxed)) {
    if (::syscall(kFchmodat2, native(dir), name, mode, AT_SYMLINK_NOFOLLOW) == 0) return 0;
    if (errno != ENOSYS && errno != EPERM) return -1;
    // EPERM may come from a sandbox that does not know the call, so it is not remembered.
    if (errno == ENOSYS) missing.store(true, std::memory_order_relaxed);
  }
  return ::fchmodat(native(dir), name, mode, AT_SYMLINK_NOFOLLOW);
}

timespec to_timespec(const Timestamp& time) {
  return {.tv_sec = time.seconds, .tv_nsec = static_cast<long>(time.nanoseconds)};
}

bool is_zero(const std::byte* data, std::size_t size) {
  // Equal to itself one word further on, and the first word is zero.
  std::uint64_t first = 0;
  if (size < sizeof first)
    return std::all_of(data, data + size, [](std::byte b) { return b == std::byte{0}; });
  std::memcpy(&first, data, sizeof first);
  return first == 0 && std::memcmp(data, data + sizeof first, size - sizeof first) == 0;
}

}  // namespace

UniqueFd create_file_at(DirHandle dir, const std::string& name, unsigned mode) {
  return create_file_at(dir, name, mode, name);
}

UniqueFd create_file_at(DirHandle dir, const std::string& name, unsigned mode,
                        const std::string& what) {
  return open_at(dir, name, O_RDWR | O_CREAT | O_EXCL, mode, N_("cannot create {}"), what);
}

UniqueFd open_file_for_update_at(DirHandle dir, const std::string& name) {
  return open_at(dir, name, O_RDWR | O_NONBLOCK, 0, N_("cannot open {}"), name);
}

void make_dir_at(DirHandle dir, const std::string& name, unsigned mode) {
  if (::mkdirat(native(dir), name.c_str(), mode) != 0)
    throw_errno(N_("cannot create folder {}"), name);
}

void make_symlink_at(DirHandle dir, const std::string& name, const std::string& target) {
  if (::symlinkat(target.c_str(), native(dir), name.c_str()) != 0) {
    throw_errno(N_("cannot create symbolic link {}"), name);
  }
}

bool make_link_at(DirHandle from_dir, const std::string& from, DirHandle to_dir,
                  const std::string& to) {
  if (::linkat(native(from_dir), from.c_str(), native(to_dir), to.c_str(), 0) == 0) return true;
  if (errno == EPERM || errno == EMLINK || errno == EXDEV || means_unsupported(errno)) return false;
  throw_errno(N_("cannot create hard link {}"), to);
}

void make_node_at(DirHandle dir, const std::string& name, std::uint32_t mode, std::uint64_t rdev) {
  if (::mknodat(native(dir), name.c_str(), mode, rdev) != 0)
    throw_errno(N_("cannot create {}"), name);
}

void rename_at(DirHandle from_dir, const std::string& from, DirHandle to_dir,
               const std::string& to) {
  if (::renameat(native(from_dir), from.c_str(), native(to_dir), to.c_str()) != 0) {
    throw_errno(N_("cannot rename {}"), from);
  }
}

void rename_new_at(DirHandle from_dir, const std::string& from, DirHandle to_dir,
                   const std::string& to) {
  if (::renameat2(native(from_dir), from.c_str(), native(to_dir), to.c_str(), RENAME_NOREPLACE) ==
      0)
    return;
  if (errno == EEXIST) throw_errno(N_("cannot create {}"), to);
  if (::linkat(native(from_dir), from.c_str(), native(to_dir), to.c_str(), 0) == 0) {
    remove_file_at(from_dir, from);
    return;
  }
  if (errno == EEXIST) throw_errno(N_("cannot create {}"), to);
  if (::faccessat(native(to_dir), to.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
    errno = EEXIST;
    throw_errno(N_("cannot create {}"), to);
  }
  rename_at(from_dir, from, to_dir, to);
}

void remove_file_at(DirHandle dir, const std::string& name) {
  if (::unlinkat(native(dir), name.c_str(), 0) != 0) throw_errno(N_("cannot remove {}"), name);
}

void set_owner_at(DirHandle dir, const std::string& name, std::uint32_t uid, std::uint32_t gid) {
  if (::fchownat(native(dir), name.c_str(), uid, gid, AT_SYMLINK_NOFOLLOW) != 0) {
    throw_errno(N_("cannot set the owner of {}"), name);
  }
}

void set_permissions_at(DirHandle dir, const std::string& name, std::uint32_t permissions) {
  if (change_mode(dir, name.c_str(), permissions & 07777) != 0) {
    throw_errno(N_("cannot set the mode of {}"), name);
  }
}

void set_times_at(DirHandle dir, const std::string& name, const Timestamp& atime,
                  const Timestamp& mtime) {
  const timespec times[2] = {to_timespec(atime), to_timespec(mtime)};
  if (::utimensat(native(dir), name.c_str(), times, AT_SYMLINK_NOFOLLOW) != 0) {
    throw_errno(N_("cannot set the times of {}"), name);
  }
}

void preallocate(int fd, std::uint64_t size) {
  if (size == 0) return;
  // Best effort: where space is lacking, the write that needs it tells.
  (void)::fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(size));
}

void truncate_fd(int fd, std::uint64_t size, const std::string& what) {
  if (retry_interrupted([&] { return ::ftruncate(fd, static_cast<off_t>(size)); }) != 0) {
    throw_errno(N_("cannot set the length of {}"), what);
  }
}

void pwrite_sparse(int fd, std::uint64_t offset, const void* data, std::size_t size,
                   const std::string& what) {
  constexpr std::size_t kBlock = 4096;  // the usual block of a file system
  const auto* bytes = static_cast<const std::byte*>(data);
  std::size_t pending = 0;  // start of bytes not yet written
  std::size_t at = std::min<std::size_t>(size, (kBlock - offset % kBlock) % kBlock);
  for (; size - at >= kBlock; at += kBlock) {
    if (!is_zero(bytes + at, kBlock)) continue;
    if (at > pending) pwrite_all(fd, {bytes + pending, at - pending}, offset + pending, what);
    pending = at + kBlock;
  }
  if (size > pending) pwrite_all(fd, {bytes + pending, size - pending}, offset + pending, what);
}

}  // namespace medsave
