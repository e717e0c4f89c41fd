#pragma once

#include "medsave/backend/backend.hpp"
#include "medsave/backend/file_layout.hpp"

#include <string>
#include <vector>

namespace medsave {

/// The repository's own folder.
inline const std::string kRoot = ".";

/// Names of a repository's files and folders, relative to its own folder.
class LocalNames {
 public:
  /// All that a repository has, each after the one that it is in: kRoot comes first.
  [[nodiscard]] std::vector<std::string> folders() const;
  [[nodiscard]] std::string folder_of(FileKind kind) const;
  [[nodiscard]] std::string folder_of(const FileRef& file) const;
  [[nodiscard]] std::string name_of(const FileRef& file) const;

 private:
  const FileLayout layout_{kRoot};
};

/// The folder that a name is in.
std::string folder_above(const std::string& name);

}  // namespace medsave
