#pragma once

#include "context.hpp"

#include "medsave/crypto/secret.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace medsave::cli {

/// A password and where it came from.
struct PasswordAnswer {
  Secret password = {};
  /// The bytes as they stand, where decoding them as text gave something else: keys were made of
  /// them before text was decoded. Worth a try when the password is wrong.
  std::optional<Secret> undecoded = {};
  std::string source = {};  // file, program or variable; empty when typed
  bool asked = false;       // typed at a terminal: worth another try when it is wrong
};

/// The password of an existing repository: from --password-command, --password-file, the
/// environment (whose variable is wiped), standard input when that is a pipe or a file, else typed.
/// Throws Error(usage) when there is no password and nobody to ask, or an empty one without
/// --insecure-no-password. `before_asking` is called before standard input or a person is needed.
PasswordAnswer repository_password(Context& context, const RepositoryChoice& choice,
                                   const std::function<void()>& before_asking);

/// Password for a new key: from `file` if not empty, else asked for twice. Throws Error(usage) when
/// it is not UTF-8 or holds a NUL; other characters that cannot be typed are warned of.
Secret new_password(Context& context, const std::string& file, bool allow_empty);

/// As repository_password(), but asked for twice and judged as new_password(): for init.
Secret first_password(Context& context, const RepositoryChoice& choice);

/// Bytes of a password file without byte order mark of UTF-8 and surrounding white space of ASCII,
/// as keys were once made of them.
std::string_view trim_password_bytes(std::string_view text);

}  // namespace medsave::cli
