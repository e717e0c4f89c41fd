#pragma once

#include "medsave/base/bytes.hpp"
#include "medsave/repo/repository.hpp"

#include <functional>
#include <string>
#include <vector>

namespace medsave {

/// A change of a repository as a whole, to be asked for by name.
struct Migration {
  std::string name = {};
  std::string description = {};  // in the user's language
};

/// Those that this repository has before it.
std::vector<Migration> possible_migrations(const Repository& repository);

/// Raises the format version from 1 to 2 by storing a new config; other files stay, since version
/// 2 reads them. `keep_copy` gets the old config's bytes first, and may throw. The caller holds an
/// exclusive lock and has checked the repository; `repository` goes on with version 1. Throws
/// Error(usage) for another version.
void upgrade_to_version_2(const Repository& repository,
                          const std::function<void(ByteView old_config)>& keep_copy);

}  // namespace medsave
