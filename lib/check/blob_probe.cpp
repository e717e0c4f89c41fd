#include "blob_probe.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"

namespace medsave {

std::optional<UnreadableBlob> probe_blob(const Repository& repository, const Index& index,
                                         const BlobRef& blob, Buffer& plain) {
  UnreadableBlob found;
  for (const BlobLocation& at : index.find_all(blob)) {
    try {
      load_copy(repository, blob, at, plain);
      return std::nullopt;
    } catch (const Error& e) {
      if (is_fatal(e)) throw;
      found.reasons = found.reasons.empty() ? e.what() : with_semicolon(found.reasons, e.what());
      if (e.code() == Errc::permission) {
        found.denied = e;
      } else {
        found.rotten.push_back(at.pack);
      }
    }
  }
  if (found.reasons.empty()) {
    found.reasons = format_text(_("no index file lists blob {}"), blob.id.hex());
  }
  return found;
}

}  // namespace medsave
