#pragma once

#include "medsave/base/clock.hpp"
#include "medsave/sys/dir_handle.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace medsave {

/// `$MEDSAVE_CACHE_DIR`, `$RESTIC_CACHE_DIR`, `$XDG_CACHE_HOME/medsave`, `~/.cache/medsave`.
std::string default_cache_base();

struct CacheDirectory {
  std::string repository_id = {};
  std::uint64_t size = 0;      // bytes
  std::int64_t last_used = 0;  // seconds since 1970
  bool old = false;            // not used for 30 days
};
/// Makes the folder where needed and marks a new one as a cache. One that was there may hold files
/// of others, which whoever leaves out caches would leave out with it.
void make_cache_base(const std::string& base);
/// Whether this file says that its folder is a cache, in the very bytes that this program writes.
bool is_cache_tag(const std::string& path);
/// Whether `name` in `base` is a repository's cache folder, of this program or restic: by its name,
/// the version in it, and nothing else in it than a cache has.
bool is_cache_directory(const std::string& base, const std::string& name);
/// Whether a folder is the base of such caches, whoever's: it has one, or it is tagged and has what
/// this program notes beside them.
bool is_cache(DirHandle folder);
/// Cache folders below `base`; `now` tells which of them are old.
std::vector<CacheDirectory> list_cache_directories(const std::string& base, bool with_sizes,
                                                   const Timestamp& now);
/// Removes one of them. Throws Error(usage) for any other folder.
void remove_cache_directory(const std::string& base, const std::string& repository_id);

}  // namespace medsave
