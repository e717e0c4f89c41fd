// Preloaded into the program: a folder lists "ghost", of which the system says that there is no
// such file; and reading a file "short" ends after ten bytes, whatever its size.
#include <dlfcn.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

namespace {

bool is_short(int fd) {
  std::array<char, 64> link = {};
  std::array<char, 4096> path = {};
  std::snprintf(link.data(), link.size(), "/proc/self/fd/%d", fd);
  const ssize_t length = readlink(link.data(), path.data(), path.size() - 1);
  return length > 6 && std::strcmp(path.data() + length - 6, "/short") == 0;
}

size_t before_end(off64_t at, size_t size) {
  constexpr off64_t kEnd = 10;
  return std::min(size, static_cast<size_t>(std::max<off64_t>(0, kEnd - at)));
}

}  // namespace

extern "C" {

// What programs call that know large files.
int fstatat64(int dir, const char* name, struct stat64* out, int flags) {
  if (std::strcmp(name, "ghost") == 0) {
    errno = ENOENT;
    return -1;
  }
  using Call = int (*)(int, const char*, struct stat64*, int);
  static const auto real = reinterpret_cast<Call>(dlsym(RTLD_NEXT, "fstatat64"));
  return real(dir, name, out, flags);
}
int fstatat(int dir, const char* name, struct stat* out, int flags) {
  return fstatat64(dir, name, reinterpret_cast<struct stat64*>(out), flags);
}

ssize_t read(int fd, void* out, size_t size) {
  using Call = ssize_t (*)(int, void*, size_t);
  static const auto real = reinterpret_cast<Call>(dlsym(RTLD_NEXT, "read"));
  return real(fd, out, is_short(fd) ? before_end(lseek(fd, 0, SEEK_CUR), size) : size);
}
ssize_t pread64(int fd, void* out, size_t size, off64_t offset) {
  using Call = ssize_t (*)(int, void*, size_t, off64_t);
  static const auto real = reinterpret_cast<Call>(dlsym(RTLD_NEXT, "pread64"));
  return real(fd, out, is_short(fd) ? before_end(offset, size) : size, offset);
}
}
