#pragma once

#include "medsave/format/index_file.hpp"
#include "medsave/repo/repository.hpp"

#include <cstddef>
#include <vector>

namespace medsave {

inline constexpr std::size_t kBlobsPerIndexFile = 50'000;  // medsave-repository(5), "INDEX"

/// Splits `packs` into index files of about kBlobsPerIndexFile blobs and saves them; durable only
/// after a barrier. Each pack is listed in one file.
void save_index_files(const Repository& repository, std::vector<IndexedPack> packs);

}  // namespace medsave
