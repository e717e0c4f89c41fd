#pragma once

#include "medsave/backend/backend.hpp"
#include "medsave/sys/dir_handle.hpp"

#include <string_view>
#include <vector>

namespace medsave {

/// Adds the files of a folder whose names begin with `prefix`. Whatever has the name of a file
/// counts: a link that leads to one, as somebody may have moved it, and what cannot be read as one,
/// for then something is wrong that must not look like nothing.
void list_files(const UniqueDir& dir, std::string_view prefix, std::vector<ListedFile>& files);

/// The packs below the folder of all of them.
void list_packs(const UniqueDir& data, std::vector<ListedFile>& files);

}  // namespace medsave
