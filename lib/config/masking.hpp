#pragma once

#include <string>

namespace medsave {

/// What is shown of the configuration's secrets.

/// An argument of a command, with *** for what follows "password=" and the like and for a password
/// in an address.
std::string mask_argument(const std::string& text);
/// The address that is pinged: whoever knows its path can report success.
std::string mask_ping(const std::string& url);

}  // namespace medsave
