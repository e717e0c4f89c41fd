#include "medsave/sys/file_lock.hpp"

#include "system_call.hpp"

#include "medsave/sys/file_info.hpp"
#include "medsave/sys/file_io.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <utility>

namespace medsave {
namespace {

constexpr mode_t kPrivateFile = 0600;

/// False while another process has it.
bool lock(int fd, const std::string& path) {
  while (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return false;
    if (errno != EINTR) throw error_from_errno(errno, path);
  }
  return true;
}

}  // namespace

std::optional<FileLock> FileLock::take(const std::string& path, const std::string& text) {
  constexpr int kTries = 20;
  for (int tries = 0; tries < kTries; ++tries) {
    UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, kPrivateFile));
    if (!fd) throw error_from_errno(errno, path);
    if (!lock(fd.get(), path)) return std::nullopt;
    // The previous holder may have removed the file after it was opened here.
    const std::optional<FileInfo> there = lstat_at(kCurrentDirectory, path);
    if (!there || there->key() != fstat_fd(fd.get()).key()) continue;
    if (::ftruncate(fd.get(), 0) != 0) throw error_from_errno(errno, path);
    write_all(fd.get(), as_bytes(text), path);
    return FileLock(std::move(fd), path);
  }
  // This file system does not keep inode numbers, so it cannot be told whether the file is the
  // same.
  throw error_from_errno(ENOLCK, path);
}

FileLock::~FileLock() {
  if (fd_) ::unlink(path_.c_str());
}

}  // namespace medsave
