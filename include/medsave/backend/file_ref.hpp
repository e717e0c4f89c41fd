#pragma once

#include "medsave/base/id.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace medsave {

enum class FileKind : std::uint8_t { config, key, lock, snapshot, index, pack };

/// "config", "key", "lock", "snapshot", "index", "pack" in the user's language, for messages.
std::string_view file_kind_name(FileKind kind);

/// One file of a repository. `id` is zero for config.
struct FileRef {
  FileKind kind = FileKind::config;
  Id id = {};
  friend bool operator==(const FileRef&, const FileRef&) = default;
};
/// "pack 3f2a01c9…" for messages; "config".
std::string describe(const FileRef& file);

}  // namespace medsave
