#include "medsave/sys/file_info.hpp"

#include "native_dir.hpp"
#include "system_call.hpp"

#include "medsave/base/unix_mode.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <thread>
#include <utility>

namespace medsave {
namespace {

// FileInfo has the values of base/unix_mode.hpp on every system.
static_assert(S_IFMT == unix_mode::kTypeBits && S_IFIFO == unix_mode::kFifo &&
              S_IFCHR == unix_mode::kCharDevice && S_IFDIR == unix_mode::kDir &&
              S_IFBLK == unix_mode::kDevice && S_IFREG == unix_mode::kFile &&
              S_IFLNK == unix_mode::kSymlink && S_IFSOCK == unix_mode::kSocket);
static_assert(S_ISUID == unix_mode::kSetuid && S_ISGID == unix_mode::kSetgid &&
              S_ISVTX == unix_mode::kSticky);

Timestamp to_timestamp(const timespec& time) {
  return {.seconds = time.tv_sec, .nanoseconds = static_cast<std::uint32_t>(time.tv_nsec)};
}

FileInfo to_info(const struct stat& st) {
  return {.mode = st.st_mode,
          .uid = st.st_uid,
          .gid = st.st_gid,
          .inode = st.st_ino,
          .device = st.st_dev,
          .rdev = st.st_rdev,
          .links = st.st_nlink,
          .size = static_cast<std::uint64_t>(st.st_size),
          .allocated = static_cast<std::uint64_t>(st.st_blocks) * 512,
          .mtime = to_timestamp(st.st_mtim),
          .atime = to_timestamp(st.st_atim),
          .ctime = to_timestamp(st.st_ctim)};
}

std::optional<FileInfo> stat_with(DirHandle dir, const std::string& name, int flags) {
  struct stat st;
  if (::fstatat(native(dir), name.c_str(), &st, flags) == 0) return to_info(st);
  if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
  throw_errno(N_("cannot examine {}"), name);
}

bool is_dot(const char* name) {
  return name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
}

constexpr std::chrono::milliseconds kLeasePause(50);
constexpr int kLeaseTries = 1000;

}  // namespace

std::optional<FileInfo> lstat_at(DirHandle dir, const std::string& name) {
  return stat_with(dir, name, AT_SYMLINK_NOFOLLOW);
}

bool may_write_in(const std::string& folder) {
  return ::faccessat(AT_FDCWD, (folder + "/.").c_str(), W_OK | X_OK, AT_EACCESS) == 0 ||
         errno != EACCES;
}

std::optional<FileInfo> stat_at(DirHandle dir, const std::string& name) {
  return stat_with(dir, name, 0);
}

FileInfo fstat_fd(int fd) {
  struct stat st;
  if (::fstat(fd, &st) != 0) {
    throw_errno(N_("cannot examine {}"), format_text(_("open file {}"), fd));
  }
  return to_info(st);
}

FileInfo stat_dir(DirHandle dir) { return fstat_fd(native(dir)); }

bool keeps_inode_numbers(int fd) {
  constexpr long kFuse = 0x65735546;  // FUSE_SUPER_MAGIC
  struct statfs info = {};
  return ::fstatfs(fd, &info) != 0 || info.f_type != kFuse;
}

bool keeps_inode_numbers(DirHandle dir) { return keeps_inode_numbers(native(dir)); }

bool dates_changes_of_names(DirHandle dir) {
  // statfs(2): ext2/3/4, XFS, Btrfs, F2FS, JFS, FAT, exFAT, NTFS, ISO 9660, UDF, ZFS, tmpfs; and
  // overlays of these.
  constexpr std::array<std::uint32_t, 13> kLocal = {
      0xef53,     0x58465342, 0x9123683e, 0xf2f52010, 0x3153464a, 0x4d44,    0x2011bab0,
      0x7366746e, 0x9660,     0x15013346, 0x2fc12fc1, 0x01021994, 0x794c7630};
  struct statfs info = {};
  if (::fstatfs(native(dir), &info) != 0) return false;
  return std::ranges::find(kLocal, static_cast<std::uint32_t>(info.f_type)) != kLocal.end();
}

bool is_mount_point(DirHandle folder) {
  struct statx info = {};
  if (::statx(native(folder), "", AT_EMPTY_PATH, 0, &info) == 0 &&
      (info.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0) {
    return true;
  }
  // Subvolumes are not mounted, and kernels before Linux 5.8 tell nothing of mounts.
  const std::optional<FileInfo> above = stat_at(folder, "..");
  return !above || above->device != stat_dir(folder).device;
}

UniqueDir open_dir_at(DirHandle dir, const std::string& name, bool follow) {
  const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | (follow ? 0 : O_NOFOLLOW);
  UniqueDir opened =
      NativeDir::own(retry_interrupted([&] { return ::openat(native(dir), name.c_str(), flags); }));
  if (!opened) throw_errno(N_("cannot open folder {}"), name);
  return opened;
}

UniqueDir hold_dir(const std::string& path) {
  const std::string inside = path + "/.";  // else what is mounted on demand would not be mounted
  UniqueDir opened = NativeDir::own(
      retry_interrupted([&] { return ::open(inside.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC); }));
  if (!opened) throw_errno(N_("cannot open folder {}"), path);
  return opened;
}

UniqueFd open_file_at(DirHandle dir, const std::string& name, bool follow) {
  const int flags = O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY | (follow ? 0 : O_NOFOLLOW);
  const auto open_with = [&](int more) {
    return UniqueFd(
        retry_interrupted([&] { return ::openat(native(dir), name.c_str(), flags | more); }));
  };
  for (int tries = 0;; ++tries) {
    UniqueFd fd = open_with(O_NOATIME);
    if (!fd && errno == EPERM) fd = open_with(0);  // O_NOATIME is for the owner and for root
    if (fd) return fd;
    // A file server holds a lease on the file. open() makes it give that up, within 45 seconds.
    if (errno != EWOULDBLOCK || tries == kLeaseTries) throw_errno(N_("cannot open {}"), name);
    std::this_thread::sleep_for(kLeasePause);
  }
}

namespace {

/// Adds the names of a folder to `names`.
void list_into(DirHandle dir, std::vector<std::string>& names) {
  const int fd = native(dir);
  if (::lseek(fd, 0, SEEK_SET) < 0) throw_errno(N_("cannot list {}"), _("folder"));
  // 32 KiB is what readdir() takes; large folders need few calls, small ones exactly two.
  alignas(dirent64) std::array<char, 32768> buffer;
  for (;;) {
    const ssize_t got =
        retry_interrupted([&] { return ::getdents64(fd, buffer.data(), buffer.size()); });
    if (got < 0) throw_errno(N_("cannot list {}"), _("folder"));
    if (got == 0) return;
    for (std::size_t at = 0; at < static_cast<std::size_t>(got);) {
      const auto* entry = reinterpret_cast<const dirent64*>(buffer.data() + at);
      if (!is_dot(entry->d_name)) names.emplace_back(entry->d_name);
      at += entry->d_reclen;
    }
  }
}

std::vector<DirEntry> entries_of(std::vector<std::string> names) {
  std::vector<DirEntry> entries;
  entries.reserve(names.size());
  for (std::string& name : names) entries.push_back({.name = std::move(name)});
  return entries;
}

}  // namespace

std::vector<std::string> list_dir(DirHandle dir) {
  std::vector<std::string> names;
  list_into(dir, names);
  return names;
}

std::vector<std::string> list_dir(DirHandle dir, std::optional<Error>& cut_short) {
  std::vector<std::string> names;
  try {
    list_into(dir, names);
  } catch (const Error& e) {
    cut_short = e;
  }
  return names;
}

std::vector<DirEntry> list_entries(DirHandle dir) { return entries_of(list_dir(dir)); }

std::vector<DirEntry> list_entries(DirHandle dir, std::optional<Error>& cut_short) {
  return entries_of(list_dir(dir, cut_short));
}

std::optional<FileInfo> lstat_at(DirHandle dir, const DirEntry& entry) {
  return entry.info ? *entry.info : lstat_at(dir, entry.name);
}

std::optional<FileInfo> stat_at(DirHandle dir, const DirEntry& entry) {
  const bool is_told = entry.info && !entry.info->is_symlink();
  return is_told ? *entry.info : stat_at(dir, entry.name);
}

std::string read_link_at(DirHandle dir, const std::string& name) {
  std::string target(256, '\0');
  for (;;) {
    const ssize_t got = ::readlinkat(native(dir), name.c_str(), target.data(), target.size());
    if (got < 0) throw_errno(N_("cannot read symbolic link {}"), name);
    if (static_cast<std::size_t>(got) < target.size()) {
      target.resize(static_cast<std::size_t>(got));
      return target;
    }
    target.resize(2 * target.size());  // possibly cut off: ask again
  }
}

}  // namespace medsave
