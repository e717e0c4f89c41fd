#pragma once

#include "medsave/remote/remote_options.hpp"

#include <string>

namespace medsave {

/// The extended option `name` as a number of connections; `usual` where it is not given. Throws
/// Error(usage).
unsigned connections_option(const RemoteOptions& options, const std::string& name,
                            unsigned usual = 5);

}  // namespace medsave
