#include "medsave/backend/backend.hpp"
#include "medsave/base/text.hpp"

namespace medsave {

std::string_view file_kind_name(FileKind kind) {
  switch (kind) {
    case FileKind::config:
      return "config";
    case FileKind::key:
      return "key";
    case FileKind::lock:
      return "lock";
    case FileKind::snapshot:
      return "snapshot";
    case FileKind::index:
      return "index";
    case FileKind::pack:
      return "pack";
  }
  return "file";
}

std::string describe(const FileRef& file) {
  if (file.kind == FileKind::config) return "config";
  return format_text("{} {}…", file_kind_name(file.kind), file.id.short_hex());
}

}  // namespace medsave
