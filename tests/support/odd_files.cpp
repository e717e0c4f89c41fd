// Preloaded into the program: a folder lists "ghost", of which the system says that there is no
// such file; reading a file "short" ends after ten bytes, whatever its size; the
// attributes of what is called "unclean" cannot be listed; with ODD_FILES_WITHHELD=NAME folders
// do not list NAME, and with ODD_FILES_LOST=yes nobody can look at it either; and at the end of the
// list of a folder ODD_FILES_CUT=/NAME comes an error, while one called ODD_FILES_TOUCHED=/NAME is
// changed by somebody then.
#include <dirent.h>
#include <dlfcn.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

bool ends_with(const char* path, const char* end) {
  const size_t length = std::strlen(path);
  const size_t tail = std::strlen(end);
  return length >= tail && std::strcmp(path + length - tail, end) == 0;
}

/// Whether the path of this open file ends so.
bool is_at(int fd, const char* end) {
  std::array<char, 64> link = {};
  std::array<char, 4096> path = {};
  std::snprintf(link.data(), link.size(), "/proc/self/fd/%d", fd);
  return readlink(link.data(), path.data(), path.size() - 1) > 0 && ends_with(path.data(), end);
}

bool is_short(int fd) { return is_at(fd, "/short"); }

ssize_t fail_unclean() {
  errno = EUCLEAN;
  return -1;
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
  static const char* const withheld =
      std::getenv("ODD_FILES_LOST") == nullptr ? nullptr : std::getenv("ODD_FILES_WITHHELD");
  if (withheld != nullptr && std::strcmp(name, withheld) == 0) {
    errno = EBADMSG;
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
ssize_t flistxattr(int fd, char* list, size_t size) {
  using Call = ssize_t (*)(int, char*, size_t);
  static const auto real = reinterpret_cast<Call>(dlsym(RTLD_NEXT, "flistxattr"));
  return is_at(fd, "/unclean") ? fail_unclean() : real(fd, list, size);
}
ssize_t llistxattr(const char* path, char* list, size_t size) {
  using Call = ssize_t (*)(const char*, char*, size_t);
  static const auto real = reinterpret_cast<Call>(dlsym(RTLD_NEXT, "llistxattr"));
  return ends_with(path, "/unclean") ? fail_unclean() : real(path, list, size);
}

ssize_t getdents64(int fd, void* out, size_t size) {
  using Call = ssize_t (*)(int, void*, size_t);
  static const auto real = reinterpret_cast<Call>(dlsym(RTLD_NEXT, "getdents64"));
  static const char* const withheld = std::getenv("ODD_FILES_WITHHELD");
  static const char* const cut = std::getenv("ODD_FILES_CUT");
  static const char* const touched = std::getenv("ODD_FILES_TOUCHED");
  const ssize_t got = real(fd, out, size);
  if (got == 0 && touched != nullptr && is_at(fd, touched)) futimens(fd, nullptr);
  if (got == 0 && cut != nullptr && is_at(fd, cut)) {
    errno = EIO;
    return -1;
  }
  if (withheld == nullptr || got <= 0) return got;
  auto* const bytes = static_cast<char*>(out);
  ssize_t kept = 0;
  for (ssize_t at = 0; at < got;) {
    const auto* entry = reinterpret_cast<const struct dirent64*>(bytes + at);
    const unsigned short length = entry->d_reclen;
    if (std::strcmp(entry->d_name, withheld) != 0) {
      std::memmove(bytes + kept, bytes + at, length);
      kept += length;
    }
    at += length;
  }
  return kept;
}
}
