// Preloaded into an SFTP server: notes which folders it syncs in $DISK/synced, and lets fsync() of
// folders and close() of new files fail with EIO while $DISK/sync-fails or $DISK/close-fails
// exists. While $DISK/rename-lies exists, rename() and link() do nothing and report success.
#include <dlfcn.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <fstream>
#include <string>

namespace {

std::string here(const char* name) {
  const char* disk = std::getenv("DISK");
  return std::string(disk == nullptr ? "" : disk) + "/" + name;
}

bool wanted(const char* name) { return ::access(here(name).c_str(), F_OK) == 0; }

std::string path_of(int fd) {
  char path[PATH_MAX];
  const ssize_t length =
      ::readlink(("/proc/self/fd/" + std::to_string(fd)).c_str(), path, sizeof path);
  return {path, length < 0 ? 0 : static_cast<std::size_t>(length)};
}

int fail() {
  errno = EIO;
  return -1;
}

}  // namespace

extern "C" int fsync(int fd) {
  struct stat info = {};
  if (::fstat(fd, &info) != 0 || !S_ISDIR(info.st_mode)) return 0;
  if (wanted("sync-fails")) return fail();
  std::ofstream(here("synced"), std::ios::app) << path_of(fd) << "\n";
  return 0;
}

extern "C" int close(int fd) {
  static const auto real = reinterpret_cast<int (*)(int)>(::dlsym(RTLD_NEXT, "close"));
  static thread_local bool within = false;
  bool failing = false;
  if (!within) {
    within = true;
    failing = wanted("close-fails") && path_of(fd).find("-tmp-") != std::string::npos;
    within = false;
  }
  const int result = real(fd);
  return failing ? fail() : result;
}

extern "C" int rename(const char* from, const char* to) {
  static const auto real =
      reinterpret_cast<int (*)(const char*, const char*)>(::dlsym(RTLD_NEXT, "rename"));
  return wanted("rename-lies") ? 0 : real(from, to);
}

extern "C" int link(const char* from, const char* to) {
  static const auto real =
      reinterpret_cast<int (*)(const char*, const char*)>(::dlsym(RTLD_NEXT, "link"));
  return wanted("rename-lies") ? 0 : real(from, to);
}
