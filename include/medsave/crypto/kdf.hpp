#pragma once

#include "medsave/base/bytes.hpp"
#include "medsave/crypto/key.hpp"

#include <cstdint>
#include <stop_token>
#include <string_view>

namespace medsave {

/// scrypt cost parameters (RFC 7914). The defaults are for new keys: 32 MiB, and twice the work of
/// one pass (about 0.15 s), the same on every machine. restic measures the machine and takes up to
/// half a second, which every command has to spend again.
struct KdfParams {
  std::uint64_t n = 32768;
  std::uint32_t r = 8;
  std::uint32_t p = 2;

  friend bool operator==(const KdfParams&, const KdfParams&) = default;
};

inline constexpr std::size_t kSaltSize = 64;

/// Whether there are such parameters: 1 < n <= 2^31-1 and a power of two, r, p >= 1, r*p < 2^30,
/// r <= (2^31-1)/128/p, r <= (2^31-1)/256, n <= (2^31-1)/128/r.
bool kdf_params_valid(const KdfParams& params);

/// Whether a key file may ask for these, which somebody else may have written: valid, and neither
/// 128*r*n nor 128*r*p above 1 GiB of memory, nor n*r*p above 2^27, a minute on a slow computer.
/// restic aims at half a second and 60 MB, which is n*r*p = 2^22 at most.
bool kdf_params_acceptable(const KdfParams& params);

/// Derives the key that opens a key file: scrypt to 64 bytes = encrypt ‖ k ‖ r.
/// Throws Error(corrupt) for invalid parameters or a salt that is not kSaltSize bytes, and
/// Error(unsupported) for parameters that cost too much.
/// After a stop, one that takes more than half a second is not waited for: Interrupted is thrown.
/// The computation itself cannot be stopped: it goes on for nobody until it is done, or until the
/// process ends.
Key derive_key(std::string_view password, ByteView salt, const KdfParams& params,
               const std::stop_token& stop = {});

}  // namespace medsave
