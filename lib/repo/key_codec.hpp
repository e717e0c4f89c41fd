#pragma once

#include "medsave/backend/backend.hpp"
#include "medsave/base/bytes.hpp"
#include "medsave/base/clock.hpp"
#include "medsave/base/id.hpp"
#include "medsave/base/random.hpp"
#include "medsave/crypto/kdf.hpp"
#include "medsave/crypto/key.hpp"
#include "medsave/crypto/secret.hpp"
#include "medsave/format/key_file.hpp"

#include <cstddef>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

namespace medsave {

/// A password is tried with at most so many keys, in the order of their ids, as in restic: each
/// trial may cost half a second.
inline constexpr std::size_t kMaxKeyTries = 20;

/// Makes a key file that opens to `master` with `password` and saves it; durable only after a
/// barrier. Empty user or host: this one's. Without `kdf` the cost is that of KdfParams.
Id save_key_file(Backend& backend, const Key& master, const Secret& password,
                 const std::string& username, const std::string& hostname,
                 const std::optional<KdfParams>& kdf, const Clock& clock = system_clock(),
                 Random& random = system_random());

/// Verifies name and format. Throws Error(corrupt) naming the file.
KeyFile load_key_file(Backend& backend, const Id& id);

/// The master key; nullopt when the password does not fit. Throws Error(corrupt) naming `id`, and
/// Interrupted after a stop, since the parameters of a key file may ask for a minute of computing.
std::optional<Key> open_key_file(const Id& id, const KeyFile& file, const Secret& password,
                                 const std::stop_token& stop);

}  // namespace medsave
