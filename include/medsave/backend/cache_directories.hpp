#pragma once

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
/// Cache folders below `base`.
std::vector<CacheDirectory> list_cache_directories(const std::string& base, bool with_sizes);
/// Removes one of them.
void remove_cache_directory(const std::string& base, const std::string& repository_id);

}  // namespace medsave
