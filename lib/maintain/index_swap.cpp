#include "index_swap.hpp"

#include "medsave/repo/index_files.hpp"
#include "medsave/repo/list_again.hpp"

#include <utility>

namespace medsave {

void swap_index_files(const Repository& repository, std::vector<IndexedPack> packs,
                      const std::vector<Id>& old) {
  Backend& backend = repository.backend();
  backend.barrier();  // packs that were stored just now
  save_index_files(repository, std::move(packs));
  backend.barrier();
  for (const Id& id : old) backend.remove({.kind = FileKind::index, .id = id});
  backend.barrier();
  require_deleted(repository, FileKind::index, old, {});
}

}  // namespace medsave
