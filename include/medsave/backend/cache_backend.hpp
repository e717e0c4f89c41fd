#pragma once

#include "medsave/backend/backend.hpp"
#include "medsave/base/clock.hpp"
#include "medsave/base/random.hpp"

#include <memory>
#include <string>

namespace medsave {

/// Local copies of index and snapshot files and of packs that hold trees, in restic's cache layout
/// (medsave-repository(5), "LOCAL CACHE"), below `<base>/<repository id>/`. Decorator: load and
/// load_range of cached kinds are served locally; a damaged or truncated cached file is dropped and
/// fetched again (callers verify hashes and call forget() on a mismatch). Listing a kind removes
/// cached files that no longer exist. When a list of snapshots misses one that is cached, the
/// repository is asked for that file, and it is added if it exists: otherwise prune would remove
/// its data. Failures to write the cache are ignored: nothing depends on it. Several processes may
/// share a directory.
class CacheBackend : public Backend {
 public:
  /// Drops the local copy of a file whose content failed verification.
  virtual void forget(const FileRef& file) = 0;
  /// Drops local copies of files of this kind that are not among those listed.
  virtual void keep_only(FileKind kind, const std::vector<ListedFile>& listed) = 0;
  /// Says that this pack holds trees, so that reads of it fill the cache.
  virtual void note_tree_pack(const Id& pack) = 0;
};

std::unique_ptr<CacheBackend> make_cache_backend(std::unique_ptr<Backend> inner,
                                                 const std::string& base,
                                                 const std::string& repository_id,
                                                 const Clock& clock = system_clock());

/// A cache that is empty at first, whatever is cached of the repository, and is removed by the
/// destructor. What a killed program left of it is listed as the cache of a repository that is not
/// used any more.
std::unique_ptr<CacheBackend> make_temporary_cache_backend(std::unique_ptr<Backend> inner,
                                                           const std::string& base,
                                                           const Clock& clock = system_clock(),
                                                           Random& random = system_random());

}  // namespace medsave
