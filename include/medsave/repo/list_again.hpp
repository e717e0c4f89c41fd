#pragma once

#include "medsave/repo/index.hpp"
#include "medsave/repo/repository.hpp"

#include <stop_token>
#include <vector>

namespace medsave {

// If a listing misses a file, what that file needs looks unneeded. So before anything is deleted
// because of a listing, the files are listed once more, under an exclusive lock. Both functions
// throw Error(io) when the two listings differ, and what listing and loading throw.

/// Lists the files of one kind again: they must be those of `first`, in any order.
void require_same_list(const Repository& repository, FileKind kind, std::vector<Id> first);

/// Loads the index files again, where they can be read: they must name no pack that `index` does
/// not know.
void require_complete_index(const Repository& repository, const Index& index,
                            const std::stop_token& stop);

// A server may report a deletion that it did not carry out. So before the program says that files
// are gone, it lists them once more.

/// Those of the files deleted just now that are there nevertheless. Costs one listing; a list that
/// is only late is given a few seconds. Throws what listing throws.
std::vector<Id> find_undeleted(const Repository& repository, FileKind kind,
                               const std::vector<Id>& deleted, const std::stop_token& stop);

/// Throws Error(io) naming them where there are any.
void require_deleted(const Repository& repository, FileKind kind, const std::vector<Id>& deleted,
                     const std::stop_token& stop);

}  // namespace medsave
