#pragma once

#include "medsave/base/progress.hpp"
#include "medsave/repo/blob_marks.hpp"
#include "medsave/repo/index.hpp"
#include "medsave/repo/repository.hpp"

#include <stop_token>
#include <vector>

namespace medsave {

/// Everything that the trees `roots` lead to, found on all cores; each tree is read once.
/// `progress` counts trees. Throws Error(corrupt / not_found / io) for the first tree that cannot
/// be read or understood, and for the first blob that no index file lists: what is needed is then
/// unknown, and nothing may be deleted.
BlobMarks find_used_blobs(const Repository& repository, const Index& index,
                          const std::vector<Id>& roots, Progress& progress,
                          const std::stop_token& stop);

}  // namespace medsave
