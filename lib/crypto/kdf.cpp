#include "medsave/crypto/kdf.hpp"

#include "openssl.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/crypto/secret.hpp"

#include <openssl/err.h>

#include <algorithm>
#include <array>
#include <bit>

namespace medsave {
namespace {

constexpr std::uint64_t kMiB = 1U << 20U;

struct DerivedBytes {
  std::array<std::byte, Key::kSize> bytes = {};
  ~DerivedBytes() { wipe(bytes.data(), bytes.size()); }
};

void scrypt(std::string_view password, ByteView salt, const KdfParams& params, DerivedBytes& out) {
  // OpenSSL's own limit is 32 MiB, just less than the usual parameters need. Ours is what scrypt
  // needs for these parameters and some slack; kdf_params_acceptable() bounds it.
  const std::uint64_t limit = 128ULL * params.r * (params.n + params.p + 2) + kMiB;
  const int result =
      EVP_PBE_scrypt(password.data(), password.size(), octets(salt.data()), salt.size(), params.n,
                     params.r, params.p, limit, octets(out.bytes.data()), out.bytes.size());
  if (result != 1) {
    ERR_clear_error();
    throw Error(Errc::io, format_text(_("not enough memory to derive the key ({} MiB needed)"),
                                      limit / kMiB));
  }
}

}  // namespace

bool kdf_params_acceptable(const KdfParams& params) {
  constexpr std::uint64_t kMaxInt = (1ULL << 31U) - 1;
  constexpr std::uint64_t kMaxBlocks = 1ULL << 30U;  // also for the total work, n * r * p
  const std::uint64_t n = params.n;
  const std::uint64_t r = params.r;
  const std::uint64_t p = params.p;
  if (n <= 1 || n > kMaxInt || !std::has_single_bit(n)) return false;
  if (r < 1 || p < 1 || r * p >= kMaxBlocks) return false;
  if (r > kMaxInt / 128 / p || r > kMaxInt / 256 || n > kMaxInt / 128 / r) return false;
  return n * r * p <= kMaxBlocks;
}

Key derive_key(std::string_view password, ByteView salt, const KdfParams& params) {
  if (!kdf_params_acceptable(params)) {
    throw Error(Errc::corrupt, format_text(_("key parameters out of bounds: N={}, r={}, p={}"),
                                           params.n, params.r, params.p));
  }
  if (salt.size() != kSaltSize) {
    throw Error(Errc::corrupt,
                format_text(_("key salt is {} bytes long instead of {}"), salt.size(), kSaltSize));
  }
  DerivedBytes derived;
  scrypt(password, salt, params, derived);
  return Key(derived.bytes);
}

KdfParams calibrate_kdf(std::chrono::milliseconds target) {
  constexpr std::chrono::milliseconds::rep kMaxParallel = 8;
  KdfParams params;
  const std::array<std::byte, kSaltSize> salt = {};
  DerivedBytes unused;
  const auto start = std::chrono::steady_clock::now();
  scrypt("calibration", salt, params, unused);
  const auto once = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - start);
  const auto fits = target / std::max(once, std::chrono::milliseconds(1));
  params.p = static_cast<std::uint32_t>(std::clamp<decltype(fits)>(fits, 1, kMaxParallel));
  return params;
}

}  // namespace medsave
