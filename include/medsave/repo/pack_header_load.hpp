#pragma once

#include "medsave/backend/backend.hpp"
#include "medsave/format/pack_header.hpp"
#include "medsave/repo/repository.hpp"

#include <vector>

namespace medsave {

/// What the header of a pack file lists, by offset. Throws Error(corrupt) when the header cannot be
/// decoded, not_found, io.
std::vector<PackEntry> load_pack_header(const Repository& repository, const ListedFile& pack);

}  // namespace medsave
