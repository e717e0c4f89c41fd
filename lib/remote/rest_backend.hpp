#pragma once

#include "rest_address.hpp"
#include "stored_files.hpp"

#include "medsave/backend/backend.hpp"
#include "medsave/remote/remote_options.hpp"

#include <memory>
#include <string>

namespace medsave {

/// make_rest_backend() for an address that is taken apart already. `stored` outlives a backend
/// that is replaced by another one for the same files.
std::unique_ptr<Backend> connect_rest(RestAddress address, unsigned connections,
                                      const RemoteOptions& options,
                                      std::shared_ptr<StoredFiles> stored);

}  // namespace medsave
