#pragma once

#include "passwords.hpp"

#include "medsave/base/bytes.hpp"

#include <stop_token>
#include <string>
#include <vector>

namespace medsave {
class Backend;
class Repository;
}  // namespace medsave

namespace medsave::cli {

class Context;

/// Copies of the file "config", which this computer keeps while the one of a repository is
/// replaced: where a server has to delete the old one first, a killed program may leave the copy
/// the only one. In the folder of the caches, which outlasts a restart. Drives that take turns at
/// one location each have their own.

/// The copies of all repositories that have been at this location of a backend, by their paths.
std::vector<std::string> kept_configs(const Context& context, const std::string& location);
/// Where the copy of this repository is, or would be.
std::string kept_config_path(const Context& context, const Repository& repository);
/// Stores the copy, for this user only, and durable. Throws Error where it cannot be kept.
void keep_config(const Context& context, const Repository& repository, ByteView config);
void drop_kept_config(const Context& context, const Repository& repository);
/// Whether a repository is there but for its config: one without keys may be a drive that is not
/// connected.
bool has_lost_config(Backend& backend);
/// Stores a copy in the repository, which must have none, and drops that copy; returns its path.
/// Only one that opens with a key of this repository; throws Error(corrupt) where none does, and
/// those of Repository::open() for the password.
std::string put_back_config(const Context& context, Backend& backend, const PasswordAnswer& answer,
                            const std::string& key_hint, const std::stop_token& stop);

}  // namespace medsave::cli
