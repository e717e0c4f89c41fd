#pragma once

#include "medsave/backend/backend.hpp"
#include "medsave/remote/remote_options.hpp"

#include <memory>
#include <string>

namespace medsave {

/// A repository behind restic's REST protocol, version 2 or 1. `address` is what follows "rest:",
/// e.g. "https://user:password@host:8000/path/" or "http+unix:///run/rest.sock:/path/"; user and
/// password may also come from MEDSAVE_REST_USERNAME and MEDSAVE_REST_PASSWORD (or RESTIC_...).
/// Throws Error(usage) for an address that is none. Extended option: rest.connections.
/// Source: restic documentation, "REST Backend".
std::unique_ptr<Backend> make_rest_backend(const std::string& address,
                                           const RemoteOptions& options);

}  // namespace medsave
