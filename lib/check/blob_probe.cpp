#include "blob_probe.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"

namespace medsave {

std::optional<std::string> probe_blob(const Repository& repository, const Index& index,
                                      const BlobRef& blob, Buffer& plain) {
  std::string reasons;
  Buffer sealed;
  for (const BlobLocation& at : index.find_all(blob)) {
    const FileRef pack = {.kind = FileKind::pack, .id = at.pack};
    try {
      repository.backend().load_range(pack, at.offset, at.stored_length, sealed);
      open_blob(repository, blob, sealed.view(), at.plain_length, plain);
      return std::nullopt;
    } catch (const Error& e) {
      if (!reasons.empty()) reasons += "; ";
      reasons.append(describe(pack)).append(": ").append(e.what());
    }
  }
  if (reasons.empty()) return format_text(_("no index file lists blob {}"), blob.id.hex());
  return reasons;
}

}  // namespace medsave
