#pragma once

#include "context.hpp"

#include "medsave/crypto/secret.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace medsave::cli {

struct PasswordAnswer {
  Secret password = {};
  bool asked = false;  // typed at a terminal: worth another try when it is wrong
};

/// The password of an existing repository: from --password-command, --password-file, the
/// environment (whose variable is wiped), standard input when that is a pipe or a file, else typed.
/// Throws Error(usage) when there is no password and nobody to ask, or an empty one without
/// --insecure-no-password. `before_asking` is called before standard input or a person is needed.
PasswordAnswer repository_password(Context& context, const RepositoryChoice& choice,
                                   const std::function<void()>& before_asking);

/// Password for a new key: from `file` if not empty, else asked for twice.
Secret new_password(Context& context, const std::string& file, bool allow_empty);

/// As repository_password(), but asked for twice: for init.
Secret first_password(Context& context, const RepositoryChoice& choice);

/// Content of a password file or command output: without byte order mark and surrounding white
/// space.
std::string_view trim_password(std::string_view text);

}  // namespace medsave::cli
