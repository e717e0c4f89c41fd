#include "blob_probe.hpp"

#include "medsave/backend/cache_backend.hpp"
#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"

namespace medsave {
namespace {

/// Also past the cache, when the copy there does not fit.
void load_copy(const Repository& repository, const BlobRef& blob, const BlobLocation& at,
               Buffer& plain) {
  const FileRef pack = {.kind = FileKind::pack, .id = at.pack};
  CacheBackend* cache = repository.cache();
  if (cache != nullptr && blob.kind == BlobKind::tree) cache->note_tree_pack(at.pack);
  Buffer sealed;
  for (bool again = cache != nullptr;; again = false) {
    repository.backend().load_range(pack, at.offset, at.stored_length, sealed);
    try {
      open_blob(repository, blob, sealed.view(), at.plain_length, plain);
      return;
    } catch (const Error& e) {
      if (!again || e.code() != Errc::corrupt) throw damaged_at(at, e);
    }
    cache->forget(pack);
  }
}

}  // namespace

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
