#pragma once

#include "medsave/backend/backend.hpp"

#include <memory>
#include <string>

namespace medsave {

/// Local copies of index and snapshot files and of packs that hold trees, in restic's cache
/// layout (repository format, "Local metadata cache"), below `<base>/<repository id>/`.
/// Decorator: load and load_range of cached kinds are served locally; a damaged or truncated
/// cached file is dropped and fetched again (callers verify hashes and call forget() on a
/// mismatch). Listing a kind removes cached files that no longer exist. A list of snapshots that
/// leaves out one of which there is a copy is completed, if the repository has the file: prune
/// would remove its data else. Failures to write the cache are ignored: it is never needed. Several
/// processes may share a directory.
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
                                                 const std::string& repository_id);

/// One that begins empty, whatever is cached of the repository, and is removed at its end. What a
/// killed program left of it counts as the cache of a repository that nobody uses.
std::unique_ptr<CacheBackend> make_temporary_cache_backend(std::unique_ptr<Backend> inner,
                                                           const std::string& base);

/// `$MEDSAVE_CACHE_DIR`, `$RESTIC_CACHE_DIR`, `$XDG_CACHE_HOME/medsave`, `~/.cache/medsave`.
std::string default_cache_base();

struct CacheDirectory {
  std::string repository_id = {};
  std::uint64_t size = 0;      // bytes
  std::int64_t last_used = 0;  // seconds since 1970
  bool old = false;            // not used for 30 days
};
/// Cache folders below `base`.
std::vector<CacheDirectory> list_cache_directories(const std::string& base, bool with_sizes);
/// Removes one of them.
void remove_cache_directory(const std::string& base, const std::string& repository_id);

}  // namespace medsave
