#pragma once

#include "medsave/format/index_file.hpp"
#include "medsave/repo/repository.hpp"

#include <vector>

namespace medsave {

/// Splits `packs` into index files of about 50000 blobs and saves them; durable only after a
/// barrier. Each pack is listed in one file.
void save_index_files(const Repository& repository, std::vector<IndexedPack> packs);

/// What the header of a pack file lists, by offset. Throws Error(corrupt) when the header cannot be
/// decoded, not_found, io.
std::vector<PackEntry> load_pack_header(const Repository& repository, const ListedFile& pack);

}  // namespace medsave
