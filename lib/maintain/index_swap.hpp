#pragma once

#include "medsave/format/index_file.hpp"
#include "medsave/repo/repository.hpp"

#include <vector>

namespace medsave {

/// Saves index files that list `packs`; when they are durable, deletes the `old` ones. Durable
/// when it returns.
void swap_index_files(const Repository& repository, std::vector<IndexedPack> packs,
                      const std::vector<Id>& old);

}  // namespace medsave
