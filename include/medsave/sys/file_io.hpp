#pragma once

// sys: the operating system, and the only area that calls it: files, folders, metadata, processes,
// signals, terminals. The headers mean the same on every system; lib/sys/posix implements them for
// Unix. Begin here, with fd.hpp (descriptors) and dir_handle.hpp (open folders); the other headers
// are read when they are needed.

#include "medsave/base/bytes.hpp"
#include "medsave/sys/dir_handle.hpp"
#include "medsave/sys/fd.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace medsave {

/// All of these retry EINTR and short transfers and throw error_from_errno() naming `what`, the
/// thing that is read or written (a path).

/// Reads up to out.size() bytes at the current position; fewer only at end of file.
std::size_t read_some(int fd, MutableByteView out, const std::string& what);
/// As read_some, at `offset`, without moving the position.
std::size_t pread_some(int fd, MutableByteView out, std::uint64_t offset, const std::string& what);
/// Waits up to `patience` for something to read from a pipe: the bytes read, 0 at its end, nullopt
/// when nothing came.
std::optional<std::size_t> read_when_ready(int fd, MutableByteView out,
                                           std::chrono::milliseconds patience,
                                           const std::string& what);
/// Whether nobody will ever read what is written to this pipe.
bool reader_is_gone(int fd);
void write_all(int fd, ByteView data, const std::string& what);
void write_standard_output(ByteView data);
/// write_all() to a new file, past the page cache where the file system can do that: for much data
/// that is not read again soon. Saves a copy and the memory, and waits for the medium.
void write_uncached(int fd, ByteView data, const std::string& what);
void pwrite_all(int fd, ByteView data, std::uint64_t offset, const std::string& what);
/// The same, but the system is asked to write at once and to keep nothing of it in memory. Waits
/// for the medium once that has enough to do.
void pwrite_uncached(int fd, ByteView data, std::uint64_t offset, const std::string& what);
/// fsync; "not supported" by the file system is not an error.
void sync_fd(int fd, const std::string& what);
/// fdatasync, likewise.
void sync_data(int fd, const std::string& what);
/// syncfs of the file system of this folder, which tells of failed writes since `dir` was opened;
/// then fsync of the folder itself, which reaches file systems in user space that know no syncfs.
void sync_file_system(DirHandle dir, const std::string& what);
/// Closes what was written and throws what close reports: network and FUSE file systems tell only
/// then that the data did not arrive or that a quota is exceeded. The descriptor is closed also
/// when this throws. Call it before the file is renamed to its final name, or called stored.
void close_fd(UniqueFd fd, const std::string& what);
/// Asks the kernel to start writing the file's dirty pages, without waiting.
void start_writeback(int fd);
/// Asks the kernel to keep nothing in memory of what the medium has of this range; `length` 0
/// means to the end of the file.
void drop_from_memory(int fd, std::uint64_t offset, std::size_t length);
/// fsync of a directory, so that its entries are durable.
void sync_dir(const std::string& path);
void sync_dir_at(DirHandle dir, const std::string& name);

/// Whole small file; throws Error(corrupt) above `limit` bytes.
Buffer read_file(const std::string& path, std::size_t limit);
/// Its first bytes, fewer where it is shorter. Follows symbolic links.
Buffer read_beginning(const std::string& path, std::size_t bytes);
/// Creates or replaces `path` atomically (temporary name, fsync, rename, fsync of the directory). A
/// symbolic link is followed; a device or a pipe is written to.
void write_file_durably(const std::string& path, ByteView data, unsigned mode);
/// Makes the file (0600) if it is not there. What is written goes to its end.
UniqueFd open_for_appending(const std::string& path);
/// Makes the file (0666 less the umask) or empties it.
UniqueFd open_for_overwriting(const std::string& path, const std::string& what);

/// A second descriptor of the same open file; empty where there is none to be had.
UniqueFd duplicate_fd(int fd);

/// mkdir -p; every directory it makes gets `mode`, whatever the umask, where the medium knows
/// modes.
void make_directories(const std::string& path, unsigned mode);
/// The same for the last part of `name` only: what is above must exist.
void ensure_dir_at(DirHandle dir, const std::string& name, unsigned mode);
/// fchmod; that the medium knows no modes or refuses this one is not an error.
void set_mode_where_possible(int fd, unsigned mode, const std::string& what);
void set_mode_where_possible(DirHandle dir, unsigned mode, const std::string& what);

/// Bytes that this user can still write to the file system of `path`; nullopt where unknown.
std::optional<std::uint64_t> free_space(const std::string& path);
/// The same of an open folder.
std::optional<std::uint64_t> free_space_of(DirHandle dir);

/// Opens what is missing of standard input, output and error (a caller may have closed them), so
/// that no file of ours takes their place and gets what is meant for them. Writing there fails.
/// Call before anything is opened.
void reserve_standard_streams();

/// Raises the soft limit of open descriptors to the hard one.
void raise_open_file_limit();
/// How many descriptors this process may have open: the soft limit in force.
std::size_t open_file_limit();

}  // namespace medsave
