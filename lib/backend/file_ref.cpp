#include "medsave/backend/file_ref.hpp"

#include "medsave/base/text.hpp"

namespace medsave {

// Translations are nouns of one gender, since messages such as "{} is damaged" agree with it.
std::string_view file_kind_name(FileKind kind) {
  switch (kind) {
    case FileKind::config:
      return _("config");
    case FileKind::key:
      return _("key");
    case FileKind::lock:
      return _("lock");
    case FileKind::snapshot:
      return _("snapshot");
    case FileKind::index:
      return _("index");
    case FileKind::pack:
      return _("pack");
  }
  return "file";
}

std::string describe(const FileRef& file) {
  if (file.kind == FileKind::config) return std::string(file_kind_name(file.kind));
  return format_text("{} {}…", file_kind_name(file.kind), file.id.short_hex());
}

}  // namespace medsave
