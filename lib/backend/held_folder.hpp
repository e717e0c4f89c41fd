#pragma once

#include "medsave/sys/dir_handle.hpp"

#include <cstdint>
#include <string>

namespace medsave {

/// The folder of a repository, kept open: names below its descriptor are on the medium that was
/// there at the beginning, whatever is unmounted, mounted or moved to its path later. Thread-safe
/// but for make().
class HeldFolder {
 public:
  /// Opens the folder if there is one; `shown` is its name in messages. `path` is absolute.
  HeldFolder(std::string shown, std::string path);

  [[nodiscard]] const std::string& shown() const { return shown_; }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] bool is_open() const { return static_cast<bool>(fd_); }
  /// For names below it. Throws Error(not_found) where there was no such folder.
  [[nodiscard]] DirHandle fd() const;
  /// Makes it, with the missing folders above it, and opens it.
  void make(unsigned mode);
  /// Syncs the folders above it up to the mount point, since they may be as new as it is.
  void sync_way_to_it() const;

  /// Whether its path still leads to it.
  [[nodiscard]] bool is_in_place() const;
  /// Throws Error(io) where the path leads to another folder or to none.
  void require_in_place() const;

 private:
  void open();

  const std::string shown_;
  const std::string path_;
  UniqueDir fd_;
  std::uint64_t device_ = 0;
  std::uint64_t inode_ = 0;
};

}  // namespace medsave
