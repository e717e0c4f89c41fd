#pragma once

#include "medsave/sys/fd.hpp"

#include <optional>
#include <string>

namespace medsave {

/// A file of this computer that one process at a time has for itself. The system takes it back
/// when the process ends, however that happens.
class FileLock {
 public:
  /// Makes the file (0600) if it is not there; `text` is its content as long as it is held. nullopt
  /// while another process holds it. Throws Error where the file system knows no such locks.
  static std::optional<FileLock> take(const std::string& path, const std::string& text);

  FileLock(FileLock&& other) noexcept = default;
  FileLock& operator=(FileLock&& other) noexcept = delete;
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  /// Removes the file.
  ~FileLock();

 private:
  FileLock(UniqueFd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  UniqueFd fd_;
  std::string path_;
};

}  // namespace medsave
