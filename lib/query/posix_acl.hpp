#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace medsave {

/// Text of an access control list as Linux stores it in system.posix_acl_access and _default:
/// lines like "user:1000:rw-", ids as numbers. nullopt when it is malformed.
std::optional<std::string> acl_text(std::string_view stored);

}  // namespace medsave
