#pragma once

#include "medsave/repo/index.hpp"
#include "medsave/repo/index_load.hpp"
#include "medsave/repo/repository.hpp"

#include <memory>
#include <stop_token>
#include <vector>

namespace medsave {

/// For a command that only reads: index files that cannot be read are reported to `notice`, and the
/// rest is loaded. Blobs that only those list are missing then. Throws what listing throws.
std::unique_ptr<Index> load_readable_index(const Repository& repository, const NoticeSink& notice,
                                           const std::stop_token& stop);

/// An index for a command that stores blobs, and the packs that were left out of it.
struct ReliableIndex {
  std::unique_ptr<Index> index = {};
  /// Packs that index files name, but which are missing or do not have their size; by id.
  std::vector<Id> absent_packs = {};
};

/// Loads the index files, but without packs that the repository does not have, or not in the size
/// they must have: a blob that only such a pack holds has to be stored again, or a backup would
/// refer to what is not there. Costs a listing of the packs, a second one where something is
/// absent: the first may be older than the index. Call after listing snapshots. Throws as
/// load_index() does; with `damaged`, for a command that only adds to the repository, index files
/// that are damaged are entered there and count as absent, too.
ReliableIndex load_reliable_index(const Repository& repository, const std::stop_token& stop,
                                  std::vector<IndexProblem>* damaged = nullptr);

}  // namespace medsave
