#pragma once

#include "medsave/base/bytes.hpp"
#include "medsave/crypto/key.hpp"

#include <cstdint>
#include <stop_token>
#include <string_view>

namespace medsave {

/// scrypt cost parameters (RFC 7914). The defaults are for new keys: 32 MiB, and twice the work of
/// one pass (about 0.15 s), the same on every machine. restic measures the machine and chooses a
/// cost of up to half a second, which every command then needs to open the repository.
struct KdfParams {
  std::uint64_t n = 32768;
  std::uint32_t r = 8;
  std::uint32_t p = 2;

  friend bool operator==(const KdfParams&, const KdfParams&) = default;
};

inline constexpr std::size_t kSaltSize = 64;

/// Whether the parameters are possible: 1 < n <= 2^31-1 and a power of two, r, p >= 1, r*p < 2^30,
/// r <= (2^31-1)/128/p, r <= (2^31-1)/256, n <= (2^31-1)/128/r.
bool kdf_params_valid(const KdfParams& params);

/// Whether the parameters of a key file, which may be hostile, are accepted: valid, at most 1 GiB
/// of memory (128*r*n and 128*r*p), and n*r*p at most 2^27, a minute on a slow computer. restic
/// aims at half a second and 60 MB, which is n*r*p = 2^22 at most.
bool kdf_params_acceptable(const KdfParams& params);

/// Derives the key that opens a key file: scrypt to 64 bytes = encrypt ‖ k ‖ r. Throws
/// Error(corrupt) for invalid parameters or a salt that is not kSaltSize bytes, and
/// Error(unsupported) for parameters that cost too much. After a stop, Interrupted is thrown at
/// once if the derivation takes more than half a second. The computation itself cannot be stopped:
/// it goes on in the background until it is done or the process ends.
Key derive_key(std::string_view password, ByteView salt, const KdfParams& params,
               const std::stop_token& stop = {});

}  // namespace medsave
