#include "medsave/sys/file_io.hpp"

#include "native_dir.hpp"
#include "system_call.hpp"

#include "medsave/base/encoding.hpp"
#include "medsave/base/random.hpp"
#include "medsave/sys/file_info.hpp"
#include "medsave/sys/path.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <string_view>
#include <utility>

namespace medsave {
namespace {

/// Calls `transfer(bytes done)` until `size` bytes have moved or it moves none.
template <typename Transfer>
std::size_t transfer_fully(std::size_t size, const char* pattern, const std::string& what,
                           const Transfer& transfer) {
  std::size_t done = 0;
  while (done < size) {
    const ssize_t moved = retry_interrupted([&] { return transfer(done); });
    if (moved < 0) throw_errno(pattern, what);
    if (moved == 0) break;
    done += static_cast<std::size_t>(moved);
  }
  return done;
}

void require_all(std::size_t done, std::size_t size, const std::string& what) {
  if (done == size) return;
  throw Error(Errc::io, format_text(_("cannot write {}: no more bytes are accepted"), what));
}

void check_sync(int result, const std::string& what) {
  if (result == 0 || means_unsupported(errno)) return;
  throw_errno(N_("cannot make {} durable"), what);
}

/// Media without modes (FAT with EPERM, CIFS with EACCES) refuse to change that of a file we have
/// just made.
void check_mode(int result, const std::string& what) {
  if (result == 0 || errno == EPERM || errno == EACCES || means_unsupported(errno)) return;
  throw_errno(N_("cannot set the mode of {}"), what);
}

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string temporary_name(const std::string& path) {
  std::byte random[8];
  system_random().fill(random);
  return path + ".tmp-" + to_hex(random);
}

std::uint64_t available(const struct statvfs& info) {
  return static_cast<std::uint64_t>(info.f_bavail) * info.f_frsize;
}

/// True when the folder is there now. False with errno set otherwise.
bool try_make_dir(DirHandle dir, const std::string& path, unsigned mode) {
  if (::mkdirat(native(dir), path.c_str(), mode) == 0) {
    check_mode(::fchmodat(native(dir), path.c_str(), mode, 0), path);  // mkdir subtracts the umask
    return true;
  }
  const int error_number = errno;
  struct stat st;
  if (::fstatat(native(dir), path.c_str(), &st, 0) == 0) {
    if (S_ISDIR(st.st_mode)) return true;
    errno = ENOTDIR;
    return false;
  }
  errno = error_number;
  return false;
}

}  // namespace

std::size_t read_some(int fd, MutableByteView out, const std::string& what) {
  return transfer_fully(out.size(), N_("cannot read {}"), what, [&](std::size_t done) {
    return ::read(fd, out.data() + done, out.size() - done);
  });
}

std::size_t pread_some(int fd, MutableByteView out, std::uint64_t offset, const std::string& what) {
  return transfer_fully(out.size(), N_("cannot read {}"), what, [&](std::size_t done) {
    return ::pread(fd, out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
  });
}

std::optional<std::size_t> read_when_ready(int fd, MutableByteView out,
                                           std::chrono::milliseconds patience,
                                           const std::string& what) {
  pollfd waiting{.fd = fd, .events = POLLIN, .revents = 0};
  const int ready = ::poll(&waiting, 1, static_cast<int>(patience.count()));
  if (ready == 0 || (ready < 0 && errno == EINTR)) return std::nullopt;
  const ssize_t got = ready < 0 ? -1 : ::read(fd, out.data(), out.size());
  if (got >= 0) return static_cast<std::size_t>(got);
  if (errno == EINTR || errno == EAGAIN) return std::nullopt;
  throw_errno(N_("cannot read {}"), what);
}

bool reader_is_gone(int fd) {
  pollfd state{.fd = fd, .events = 0, .revents = 0};
  return ::poll(&state, 1, 0) == 1 && (state.revents & POLLERR) != 0;
}

void write_all(int fd, ByteView data, const std::string& what) {
  const std::size_t done = transfer_fully(
      data.size(), N_("cannot write {}"), what,
      [&](std::size_t from) { return ::write(fd, data.data() + from, data.size() - from); });
  require_all(done, data.size(), what);
}

void write_standard_output(ByteView data) {
  const std::string what = _("standard output");
  const std::size_t done = transfer_fully(
      data.size(), N_("cannot write to standard output"), what, [&](std::size_t from) {
        return ::write(kStandardOutput, data.data() + from, data.size() - from);
      });
  require_all(done, data.size(), what);
}

namespace {

/// Media want addresses, offsets and lengths of direct transfers to be multiples of their blocks.
constexpr std::size_t kDirectAlignment = 4096;
constexpr std::size_t kDirectPiece = std::size_t{8} << 20;
constexpr std::size_t kWorthwhile = std::size_t{1} << 20;  // a Buffer of that size is aligned

bool set_direct(int fd, bool on) {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0) return false;
  return ::fcntl(fd, F_SETFL, on ? flags | O_DIRECT : flags & ~O_DIRECT) == 0;
}

/// How many bytes went; fewer than there are where the file system refuses to go on like this.
std::size_t write_directly(int fd, ByteView data, const std::string& what) {
  std::size_t done = 0;
  while (data.size() - done >= kDirectAlignment) {
    const std::size_t left = data.size() - done;
    const std::size_t size = std::min(kDirectPiece, left - left % kDirectAlignment);
    const ssize_t written =
        retry_interrupted([&] { return ::write(fd, data.data() + done, size); });
    if (written < 0 && errno == EINVAL) break;
    if (written < 0) throw_errno(N_("cannot write {}"), what);
    done += static_cast<std::size_t>(written);
    if (static_cast<std::size_t>(written) % kDirectAlignment != 0) break;  // the medium is full
  }
  return done;
}

bool is_aligned(const std::byte* address) {
  return reinterpret_cast<std::uintptr_t>(address) % kDirectAlignment == 0;
}

}  // namespace

void write_uncached(int fd, ByteView data, const std::string& what) {
  std::size_t done = 0;
  if (data.size() >= kWorthwhile && is_aligned(data.data()) && set_direct(fd, true)) {
    done = write_directly(fd, data, what);
    set_direct(fd, false);
  }
  write_all(fd, data.subspan(done), what);
}

void pwrite_all(int fd, ByteView data, std::uint64_t offset, const std::string& what) {
  const std::size_t done =
      transfer_fully(data.size(), N_("cannot write {}"), what, [&](std::size_t from) {
        return ::pwrite(fd, data.data() + from, data.size() - from,
                        static_cast<off_t>(offset + from));
      });
  require_all(done, data.size(), what);
}

void pwrite_uncached(int fd, ByteView data, std::uint64_t offset, const std::string& what) {
  constexpr int kDontCache = 0x80;  // RWF_DONTCACHE, Linux 6.14, which the C library may not know
  static std::atomic<bool> missing = false;
  std::size_t done = 0;
  while (done < data.size() && !missing.load(std::memory_order_relaxed)) {
    const ByteView left = data.subspan(done);
    const iovec piece = {.iov_base = const_cast<std::byte*>(left.data()), .iov_len = left.size()};
    const ssize_t written =
        ::pwritev2(fd, &piece, 1, static_cast<off_t>(offset + done), kDontCache);
    if (written > 0) done += static_cast<std::size_t>(written);
    // EOPNOTSUPP means that RWF_DONTCACHE is missing; other failures show again in pwrite_all().
    if (written < 0 && errno == EOPNOTSUPP) missing.store(true, std::memory_order_relaxed);
    if (written <= 0) break;
  }
  pwrite_all(fd, data.subspan(done), offset + done, what);
}

void sync_fd(int fd, const std::string& what) {
  check_sync(retry_interrupted([&] { return ::fsync(fd); }), what);
}

void sync_data(int fd, const std::string& what) {
  check_sync(retry_interrupted([&] { return ::fdatasync(fd); }), what);
}

void close_fd(UniqueFd fd, const std::string& what) {
  if (!fd) return;
  // Never twice: Linux frees the number also where close fails, and another thread may have it.
  // An interrupted one is a failure like others, as nobody knows then what became of the data.
  if (::close(fd.release()) != 0) throw_errno(N_("cannot finish writing {}"), what);
}

void sync_file_system(DirHandle dir, const std::string& what) {
  check_sync(::syncfs(native(dir)), what);
  sync_fd(native(dir), what);
}

void start_writeback(int fd) {
  // A hint: a failure shows again, and is handled, where the file is synced.
  (void)::sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
}

void drop_from_memory(int fd, std::uint64_t offset, std::size_t length) {
  // A hint: whether it is followed changes nothing but the speed.
  (void)::posix_fadvise(fd, static_cast<off_t>(offset), static_cast<off_t>(length),
                        POSIX_FADV_DONTNEED);
}

void sync_dir(const std::string& path) { sync_dir_at(kCurrentDirectory, path); }

void sync_dir_at(DirHandle dir, const std::string& name) {
  const UniqueDir folder = open_dir_at(dir, name, true);
  sync_fd(native(folder.get()), name);
}

namespace {

UniqueFd open_for_reading(const std::string& path) {
  UniqueFd fd(retry_interrupted([&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC); }));
  if (!fd) throw_errno(N_("cannot open {}"), path);
  return fd;
}

}  // namespace

Buffer read_file(const std::string& path, std::size_t limit) {
  const UniqueFd fd = open_for_reading(path);
  // Pipes tell no size, and a file may grow: the size is only the first guess.
  const std::uint64_t expected = fstat_fd(fd.get()).size;
  Buffer content;
  for (;;) {
    const std::size_t old = content.size();
    const std::size_t room =
        old == 0 ? static_cast<std::size_t>(std::min<std::uint64_t>(expected, limit)) + 1
                 : std::max<std::size_t>(old, 4096);
    content.resize(old + room);
    const std::size_t got = read_some(fd.get(), content.writable().subspan(old), path);
    content.resize(old + got);
    if (content.size() > limit) {
      throw Error(Errc::corrupt, format_text(_("{} is longer than {} bytes"), path, limit));
    }
    if (got < room) return content;
  }
}

Buffer read_beginning(const std::string& path, std::size_t bytes) {
  const UniqueFd fd = open_for_reading(path);
  Buffer beginning(bytes);
  beginning.resize(read_some(fd.get(), beginning.writable(), path));
  return beginning;
}

namespace {

/// Of a device or a pipe, which must not be replaced.
void write_through(const std::string& path, ByteView data) {
  UniqueFd fd(
      retry_interrupted([&] { return ::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY); }));
  if (!fd) throw_errno(N_("cannot open {}"), path);
  write_all(fd.get(), data, path);
  close_fd(std::move(fd), path);
}

void replace_file_durably(const std::string& path, ByteView data, unsigned mode) {
  const std::string temporary = temporary_name(path);
  UniqueFd fd(retry_interrupted(
      [&] { return ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600); }));
  if (!fd) throw_errno(N_("cannot create {}"), temporary);
  try {
    write_all(fd.get(), data, path);
    check_mode(::fchmod(fd.get(), mode), path);
    sync_fd(fd.get(), path);
    close_fd(std::move(fd), path);
    if (::rename(temporary.c_str(), path.c_str()) != 0) throw_errno(N_("cannot create {}"), path);
  } catch (...) {
    ::unlink(temporary.c_str());
    throw;
  }
  sync_dir(parent_of(path));
}

}  // namespace

void write_file_durably(const std::string& path, ByteView data, unsigned mode) {
  const std::optional<FileInfo> there = stat_at(kCurrentDirectory, path);
  if (there && !there->is_regular()) {
    write_through(path, data);
    return;
  }
  replace_file_durably(resolve_link(path), data, mode);
}

UniqueFd open_for_appending(const std::string& path) {
  constexpr mode_t kPrivateFile = 0600;
  UniqueFd fd(
      ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, kPrivateFile));
  if (!fd) throw_errno(N_("cannot open {}"), path);
  return fd;
}

UniqueFd open_for_overwriting(const std::string& path, const std::string& what) {
  constexpr mode_t kOrdinaryFile = 0666;
  UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, kOrdinaryFile));
  if (!fd) throw error_from_errno(errno, what);
  return fd;
}

UniqueFd duplicate_fd(int fd) { return UniqueFd(::dup(fd)); }

void make_directories(const std::string& path, unsigned mode) {
  std::string folder = path;
  while (folder.size() > 1 && folder.ends_with('/')) folder.pop_back();
  if (try_make_dir(kCurrentDirectory, folder, mode)) return;
  if (errno == ENOENT && folder.find('/', 1) != std::string::npos) {
    make_directories(parent_of(folder), mode);
    if (try_make_dir(kCurrentDirectory, folder, mode)) return;
  }
  throw_errno(N_("cannot create folder {}"), folder);
}

void ensure_dir_at(DirHandle dir, const std::string& name, unsigned mode) {
  if (!try_make_dir(dir, name, mode)) throw_errno(N_("cannot create folder {}"), name);
}

void set_mode_where_possible(int fd, unsigned mode, const std::string& what) {
  check_mode(::fchmod(fd, mode), what);
}

void set_mode_where_possible(DirHandle dir, unsigned mode, const std::string& what) {
  set_mode_where_possible(native(dir), mode, what);
}

std::optional<std::uint64_t> free_space(const std::string& path) {
  struct statvfs info = {};
  if (retry_interrupted([&] { return ::statvfs(path.c_str(), &info); }) != 0) return std::nullopt;
  return available(info);
}

std::optional<std::uint64_t> free_space_of(DirHandle dir) {
  struct statvfs info = {};
  if (retry_interrupted([&] { return ::fstatvfs(native(dir), &info); }) != 0) return std::nullopt;
  return available(info);
}

void reserve_standard_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(stream, F_GETFD) != -1 || errno != EBADF) continue;
    // The lowest free number is this one. For children too, so without O_CLOEXEC.
    const int access = stream == STDIN_FILENO ? O_WRONLY : O_RDONLY;
    if (::open("/dev/null", access) != stream) return;  // NOLINT: kept for good
  }
}

void raise_open_file_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

std::size_t open_file_limit() {
  constexpr std::size_t kUsual = 1024;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return kUsual;
  return limit.rlim_cur == RLIM_INFINITY ? kUsual : static_cast<std::size_t>(limit.rlim_cur);
}

}  // namespace medsave
