#pragma once

#include "context.hpp"

#include <memory>
#include <optional>
#include <stop_token>
#include <string>

namespace medsave {
class Backend;
class WriteCondition;
}  // namespace medsave

namespace medsave::cli {

/// Which local copies of the repository's metadata are used.
enum class CacheUse {
  usual,      // as the options say
  temporary,  // new ones only: older ones would hide what has become of the repository's files
  none,       // every file is read from the repository
};

/// What is to be done with a repository.
struct OpenOptions {
  std::optional<LockMode> lock = LockMode::shared;  // nullopt: not locked
  /// The command changes nothing (a dry run). It goes on without a lock if --no-lock was given, or
  /// if none can be stored (a full or write-protected medium).
  bool reads_only = false;
  /// With an exclusive lock: see LockOptions. What was read holds once lock()->confirm() has
  /// returned.
  bool reads_first = false;
  /// Throws Error(permission) before anything is changed where the server lets files be added but
  /// not deleted.
  bool deletes = false;
  /// A config that an interrupted upgrade has deleted is stored again from this computer's copy.
  bool puts_config_back = false;
  bool makes_room = false;  // on a full medium without a lock if need be
  CacheUse cache = CacheUse::usual;
  bool lists_packs = false;  // needs to know the packs right away: they are listed meanwhile
};

inline constexpr OpenOptions kForReading = {.reads_only = true};

/// Opens and locks a repository, asking for the password where necessary. It stays open until
/// Context::close(), and is stopped with the program.
OpenedRepository& open_repository(Context& context, const RepositoryChoice& choice,
                                  const OpenOptions& options);
/// The same with the repository of the global options.
OpenedRepository& open_repository(Context& context, const OpenOptions& options);

/// Warns where the repository is in a cloud "as a drive", for commands that write. As restic,
/// nothing.
void tell_of_late_uploads(Context& context, const std::string& location);

/// Opens a backend with the rate limits of the global options; requests to a remote one are
/// repeated where that can help, and not for long after a stop. With `writes`, each attempt to
/// publish or delete is guarded by it.
std::unique_ptr<Backend> open_backend(Context& context, const std::string& location,
                                      const std::stop_token& stop,
                                      std::shared_ptr<const WriteCondition> writes = {});

}  // namespace medsave::cli
