#pragma once

#include "medsave/backend/backend.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace medsave {

/// Where the files of a repository are below a folder or a prefix. Source: medsave-repository(5),
/// "LAYOUT".
class FileLayout {
 public:
  /// `root` without a slash at its end; "" and "." mean relative names.
  explicit FileLayout(std::string root) : root_(std::move(root)) {}

  [[nodiscard]] const std::string& root() const { return root_; }
  /// The folder that holds the file, and the file.
  [[nodiscard]] std::string folder_of(const FileRef& file) const;
  [[nodiscard]] std::string path_of(const FileRef& file) const;
  /// The folder of a kind; for packs the one above the 256.
  [[nodiscard]] std::string folder_of(FileKind kind) const;
  /// Every folder of an empty repository, parents first.
  [[nodiscard]] std::vector<std::string> folders() const;

 private:
  std::string root_;
};

/// Names of the folders in that of a repository: one for each kind of file but config, and
/// "medsave" for what no other program has (see local_reserve.hpp).
std::span<const std::string_view> repository_folders();
/// Whether an entry of a repository's folder belongs to it by its name: config or such a folder.
bool is_repository_part(std::string_view name);

/// `path`-tmp-<random digits>.
std::string temporary_name(const std::string& path);
/// Whether a name is one of those, of an id or of config.
bool is_temporary_name(std::string_view name);

}  // namespace medsave
