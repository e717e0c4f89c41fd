#pragma once

#include "medsave/base/bytes.hpp"

#include <string>

namespace medsave {
class Backend;
}  // namespace medsave

namespace medsave::cli {

class Context;

/// A copy of the file "config", which this computer keeps while the one of the repository is
/// replaced: where a server has to delete the old one first, a killed program may leave it the only
/// one. In the folder of the caches, which outlasts a restart. The location is that of the backend.

/// Where the copy of this repository is, or would be.
std::string kept_config_path(const Context& context, const std::string& location);
/// Stores it, for this user only, and durable. Throws Error where it cannot be kept.
void keep_config(const Context& context, const std::string& location, ByteView config);
/// Fine where there is none.
void drop_kept_config(const Context& context, const std::string& location);
bool is_config_kept(const Context& context, const std::string& location);
/// Whether a repository is there but for its config: one without keys may be a drive that is not
/// connected.
bool has_lost_config(Backend& backend);
/// Stores the copy in the repository, which must have none.
void put_back_config(const Context& context, Backend& backend);

}  // namespace medsave::cli
