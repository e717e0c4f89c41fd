#pragma once

#include <string>
#include <string_view>

namespace medsave {

/// Where a REST repository is, taken apart.
struct RestAddress {
  std::string url = {};          // without credentials and without a slash at its end
  std::string shown = {};        // for messages: with *** for the password
  std::string user = {};         // decoded
  std::string password = {};     // decoded
  std::string unix_socket = {};  // path; empty: TCP
};

/// Takes apart "https://user:password@host:8000/path/" or "http+unix:///run/rest.sock:/path/".
/// What may not stand in a URL is percent-encoded. Throws Error(usage) that shows no password.
RestAddress parse_rest_address(const std::string& address);

/// `address` with *** for what may be a password, whether it is an address or not.
std::string mask_password(std::string_view address);

}  // namespace medsave
