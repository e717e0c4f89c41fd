#pragma once

#include "medsave/sys/dir_handle.hpp"

#include <cstdint>
#include <string>

namespace medsave {

/// The folder of a repository, held open: what is reached below its descriptor is on the medium
/// that was there at the beginning, whatever is unmounted, mounted or put at its path later.
/// Thread-safe but for make().
class HeldFolder {
 public:
  /// Opens what is there; `shown` is what messages call it. `path` is absolute.
  HeldFolder(std::string shown, std::string path);

  [[nodiscard]] const std::string& shown() const { return shown_; }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] bool is_open() const { return static_cast<bool>(fd_); }
  /// For names below it. Throws Error(not_found) where there was no such folder.
  [[nodiscard]] DirHandle fd() const;
  /// Makes it, with what is missing above, and opens it.
  void make(unsigned mode);

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
