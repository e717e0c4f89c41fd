#pragma once

#include "medsave/backend/backend.hpp"
#include "medsave/sys/dir_handle.hpp"

#include <string_view>
#include <vector>

namespace medsave {

/// Adds the files of a folder whose names begin with `prefix`. Everything with the name of a file
/// counts, be it a link or something that cannot be read as one: the repository must not look
/// smaller than it is.
void list_files(const UniqueDir& dir, std::string_view prefix, std::vector<ListedFile>& files);

/// The packs below the folder of all of them.
void list_packs(const UniqueDir& data, std::vector<ListedFile>& files);

}  // namespace medsave
