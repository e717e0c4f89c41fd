#pragma once

#include "sftp_session.hpp"

#include "medsave/base/error.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace medsave {

// What is done with files and folders over one session. Paths are the server's. A refused request
// becomes an Error with the server's words: not_found, permission, unsupported or io; the session
// stays usable then.

/// The error for a status that is not ok.
Error sftp_status_error(const SftpStatus& status, const std::string& path);

/// Sends `count` requests that are answered by a status each, many at a time. Answers in order.
std::vector<SftpStatus> ask_sftp(SftpSession& session, SftpType type, std::size_t count,
                                 const std::function<void(std::size_t, SftpWriter&)>& fill);

struct SftpStat {
  std::optional<SftpAttributes> attributes = {};
  SftpStatus status = {};  // why there are none
};
std::vector<SftpStat> stat_sftp_files(SftpSession& session, const std::vector<std::string>& paths);
/// nullopt when there is no such file.
std::optional<SftpAttributes> stat_sftp(SftpSession& session, const std::string& path);

/// Deletes; files that do not exist are fine. How many did exist.
std::size_t remove_sftp_files(SftpSession& session, const std::vector<std::string>& paths);

/// A new file under a temporary name.
class SftpNewFile {
 public:
  struct Wanted {
    std::uint32_t mode = 0600;
    bool durable = true;      // where the server can make it so
    std::string folder = {};  // the one it is in, where its entries are to be durable at once
  };
  /// Makes `path`, writes and closes it, and looks that the server has all of it. Removes it again
  /// when something fails.
  SftpNewFile(SftpSession& session, const std::string& path, ByteView data, const Wanted& wanted);
  ~SftpNewFile();
  SftpNewFile(const SftpNewFile&) = delete;
  SftpNewFile& operator=(const SftpNewFile&) = delete;

  /// Renames it. A file that exists is replaced if that is wanted and the server can; else it is
  /// an error with some servers and replaced with others. Throws Error(unreachable) where the
  /// server says that it is done and does not have the file, and sftp_sync_error() when the file
  /// is in place, but its folder not durable as it should be.
  void rename(const std::string& to, bool replace);
  void remove();

 private:
  void write(ByteView data, const std::string& handle, const Wanted& wanted);
  void close_folder();

  SftpSession& session_;
  const std::string path_;
  const std::string folder_;
  const std::uint64_t size_;   // bytes
  std::string folder_handle_;  // empty: not open
};

/// Whether the server can put a file in the place of another one.
bool can_replace_sftp(const SftpSession& session);

/// A file that is open for reading until the reader ends.
class SftpFile {
 public:
  SftpFile(SftpSession& session, const std::string& path);
  ~SftpFile();
  SftpFile(const SftpFile&) = delete;
  SftpFile& operator=(const SftpFile&) = delete;

  /// At the time of opening.
  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] std::uint32_t mode() const { return mode_; }
  /// Bytes read from `offset` on; fewer only when the file ends there. Throws Error(io) when the
  /// server says so of a place within the size it gave.
  std::size_t read(std::uint64_t offset, MutableByteView out);

 private:
  SftpSession& session_;
  const std::string path_;
  std::string handle_;
  std::uint64_t size_ = 0;
  std::uint32_t mode_ = 0;
};

/// A short file that is asked for together with other things.
struct SftpSmallFile {
  Buffer content = {};
  std::uint32_t mode = 0;
  bool whole = false;  // or there is none, or it is not short after all
};
/// Asks for it; `out` is complete after session.finish() and has to last so long.
void request_sftp_file(SftpSession& session, const std::string& path, SftpSmallFile& out);

/// Whether an answer to fsync@openssh.com means that the file is durable, or that its file system
/// knows no such thing: the server says so although it offers the extension.
bool is_synced(const SftpStatus& status);
/// The error for a folder whose entries the server could not make durable. Asking again would
/// prove nothing: a kernel reports such a failure once.
Error sftp_sync_error(const SftpStatus& status, const std::string& folder);

/// What is left of the file system that holds `path`; nullopt where the server does not say.
std::optional<SftpSpace> sftp_space(SftpSession& session, const std::string& path);

}  // namespace medsave
