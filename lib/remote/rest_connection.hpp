#pragma once

#include "rest_address.hpp"

#include "medsave/backend/backend.hpp"
#include "medsave/remote/remote_options.hpp"

#include <memory>

namespace medsave {

/// make_rest_backend() for an address that is taken apart already.
std::unique_ptr<Backend> connect_rest(RestAddress address, unsigned connections,
                                      const RemoteOptions& options);

}  // namespace medsave
