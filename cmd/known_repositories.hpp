#pragma once

#include "medsave/base/clock.hpp"

#include <optional>
#include <string>

namespace medsave::cli {

/// What this computer remembers of the repositories it has opened, in a file of the cache folder:
/// so that a drive which is not connected can be told from a repository that never was. Nothing
/// depends on it; where it cannot be read or written, nothing is remembered.

struct KnownRepository {
  std::string id = {};    // as in its config
  std::string seen = {};  // "2026-11-30": the last day it was opened
};

/// `location` is that of its backend: absolute, without passwords.
std::optional<KnownRepository> known_repository(const std::string& cache_base,
                                                const std::string& location);

/// Whether there is such a file in `cache_base`, with nothing else in it.
bool remembers_repositories(const std::string& cache_base);

/// Writes only what has changed, once a day; what other processes remember at the same time is
/// kept.
void remember_repository(const std::string& cache_base, const std::string& location,
                         const std::string& id, const Timestamp& now);

}  // namespace medsave::cli
