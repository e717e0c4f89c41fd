#pragma once

#include "medsave/base/id.hpp"
#include "medsave/crypto/kdf.hpp"
#include "medsave/format/key_file.hpp"
#include "medsave/repo/repository.hpp"

#include <optional>
#include <string>
#include <vector>

namespace medsave {

/// A key file of the repository; `current`: the one that opened it.
struct KeyInfo {
  Id id = {};
  bool current = false;
  KeyFile file = {};
};

struct KeyListing {
  std::vector<KeyInfo> keys = {};
  std::vector<std::string> problems = {};  // damaged key files, one line each
};

KeyListing list_keys(const Repository& repository);

/// Adds a key file for `password`; durable when it returns. Empty user or host: this one's. Without
/// `kdf` the cost is that of KdfParams. Throws Error(usage), as change_password() does too, when
/// the repository has so many keys that an opening would not try all of them.
Id add_key(const Repository& repository, const Secret& password, const std::string& username,
           const std::string& hostname, const std::optional<KdfParams>& kdf = {});

/// Throws Error(usage) for the key in use, not_found.
void remove_key(const Repository& repository, const Id& id);

/// Resolves an id prefix. Throws Error(not_found / usage) naming the candidates.
Id find_key(const Repository& repository, const std::string& prefix);

/// Adds a key for the new password, verifies that it opens, then removes the one in use.
/// Names as in add_key().
Id change_password(const Repository& repository, const Secret& password,
                   const std::string& username, const std::string& hostname,
                   const std::optional<KdfParams>& kdf = {});

}  // namespace medsave
