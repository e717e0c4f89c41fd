#pragma once

#include "medsave/base/bytes.hpp"
#include "medsave/crypto/key.hpp"

#include <chrono>
#include <cstdint>
#include <string_view>

namespace medsave {

/// scrypt cost parameters (RFC 7914).
struct KdfParams {
  std::uint64_t n = 32768;
  std::uint32_t r = 8;
  std::uint32_t p = 1;

  friend bool operator==(const KdfParams&, const KdfParams&) = default;
};

inline constexpr std::size_t kSaltSize = 64;

/// Whether a key file may ask for these: 1 < n <= 2^31-1 and a power of two, r, p >= 1,
/// r*p < 2^30, r <= (2^31-1)/128/p, r <= (2^31-1)/256, n <= (2^31-1)/128/r, and a total work
/// that cannot be used to stall the program (n*r*p <= 2^30).
bool kdf_params_acceptable(const KdfParams& params);

/// Derives the key that opens a key file: scrypt to 64 bytes = encrypt ‖ k ‖ r.
/// Throws Error(corrupt) for unacceptable parameters or a salt that is not kSaltSize bytes.
Key derive_key(std::string_view password, ByteView salt, const KdfParams& params);

/// Parameters for a new key: N = 32768, r = 8 (32 MiB), p as large as fits `target` on this
/// machine (at least 1, at most 8).
KdfParams calibrate_kdf(std::chrono::milliseconds target);

}  // namespace medsave
