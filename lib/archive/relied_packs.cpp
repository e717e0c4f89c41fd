#include "relied_packs.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"

#include <set>

namespace medsave {

void require_relied_packs(const Repository& repository, const std::vector<Id>& packs) {
  for (const Id& pack : packs) {
    const FileRef file{.kind = FileKind::pack, .id = pack};
    if (repository.backend().size(file)) continue;
    throw Error(Errc::io,
                format_text(_("{}, which this backup found in the repository and used, has "
                              "been deleted by another program meanwhile, so no snapshot "
                              "was saved; start again"),
                            describe(file)));
  }
}

void require_kept_packs(const Repository& repository, const std::vector<Id>& packs,
                        const Id& snapshot) {
  if (packs.empty()) return;
  std::set<Id> there;
  for (const ListedFile& file : repository.backend().list(FileKind::pack)) there.insert(file.id);
  for (const Id& pack : packs) {
    if (there.contains(pack)) continue;
    throw Error(
        Errc::io,
        format_text(_("{0}, which this backup found in the repository and used, was deleted "
                      "by another program meanwhile, so the snapshot {1} lacks data. Back "
                      "up again at once, then remove it with \"medsave forget {1}\"."),
                    describe({.kind = FileKind::pack, .id = pack}), snapshot.short_hex()));
  }
}

}  // namespace medsave
