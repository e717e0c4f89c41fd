#include "damage.hpp"

#include "medsave/base/text.hpp"

namespace medsave {
namespace {

const char* advice(FileKind kind) {
  switch (kind) {
    case FileKind::config:
      return _("without it nothing can be read: fetch it from a copy of the repository");
    case FileKind::key:
      return _("fetch it from a copy of the repository, or move it away and use another key");
    case FileKind::lock:
      return _(
          "if nothing else uses the repository, remove it with \"medsave unlock --remove-all\"");
    case FileKind::snapshot:
      return _("what only this snapshot holds is affected; \"medsave check\" lists all damage");
    case FileKind::index:
      return _("\"medsave repair index\" makes it anew from the packs");
    case FileKind::pack:
      break;
  }
  return _(
      "\"medsave check --read-data\" lists all damage; fetch the file from a copy of the "
      "repository if there is one");
}

}  // namespace

Error damaged(const FileRef& file, std::string_view what) {
  // An index file may have to be moved away by hand, so its whole name is given.
  const std::string name = file.kind == FileKind::index
                               ? format_text("{} {}", file_kind_name(file.kind), file.id.hex())
                               : describe(file);
  return {Errc::corrupt, format_text(_("{} is damaged ({}); {}"), name, what, advice(file.kind))};
}

std::uint64_t size_limit(FileKind kind) {
  switch (kind) {
    case FileKind::config:
    case FileKind::key:
    case FileKind::lock:
      return 1ULL << 20U;
    case FileKind::snapshot:
    case FileKind::index:
      return 512ULL << 20U;
    case FileKind::pack:
      break;
  }
  return 8ULL << 30U;  // one blob may have 4 GiB, and the pack may have been nearly full
}

}  // namespace medsave
