#pragma once

#include "medsave/backend/backend.hpp"
#include "medsave/base/clock.hpp"

#include <optional>
#include <string>
#include <vector>

namespace medsave {

/// The files of one repository's cache folder; failures to write are ignored, as nothing depends on
/// the cache. Thread-safe.
class CacheFolder {
 public:
  /// Makes `<base>/<repository id>` where needed, and marks it as used now. It is not usable when
  /// that fails, or when the id is not one.
  CacheFolder(const std::string& base, const std::string& repository_id, const Clock& clock);

  [[nodiscard]] bool usable() const { return usable_; }
  [[nodiscard]] std::string path_of(const FileRef& file) const;
  [[nodiscard]] bool contains(const FileRef& file) const;
  /// False when it is not there or cannot be right. `limit` in bytes.
  bool load(const FileRef& file, std::uint64_t limit, Buffer& out) const;
  void store(const FileRef& file, ByteView data) const;
  void remove(const FileRef& file) const;
  /// The files of this kind, in any order.
  [[nodiscard]] std::vector<Id> ids(FileKind kind) const;
  /// Removes files of this kind that are not in `listed`, or not with this size, and partial
  /// files of writers that died.
  void prune(FileKind kind, const std::vector<ListedFile>& listed) const;

 private:
  [[nodiscard]] std::string folder_of(FileKind kind) const;
  /// Paths of the folders that have the files.
  [[nodiscard]] std::vector<std::string> folders_of(FileKind kind) const;
  void prune_folder(const std::string& path, const std::vector<ListedFile>& sorted) const;

  const Clock& clock_;
  std::string root_;
  bool usable_ = false;
};

}  // namespace medsave
