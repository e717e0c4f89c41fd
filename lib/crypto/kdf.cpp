#include "medsave/crypto/kdf.hpp"

#include "openssl.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/crypto/secret.hpp"

#include <sodium.h>

#include <array>
#include <bit>

namespace medsave {
namespace {

constexpr std::uint64_t kMiB = 1U << 20U;

struct DerivedBytes {
  std::array<std::byte, Key::kSize> bytes = {};
  ~DerivedBytes() { wipe(bytes.data(), bytes.size()); }
};

/// libsodium's scrypt takes two thirds of the time of OpenSSL's.
void scrypt(std::string_view password, ByteView salt, const KdfParams& params, DerivedBytes& out) {
  if (sodium_init() < 0) throw Error(Errc::internal, _("the cryptographic library does not start"));
  constexpr std::byte kNothing{};  // the library wants an address even so
  const std::byte* text = password.empty() ? &kNothing : as_bytes(password).data();
  const int result = crypto_pwhash_scryptsalsa208sha256_ll(
      octets(text), password.size(), octets(salt.data()), salt.size(), params.n, params.r, params.p,
      octets(out.bytes.data()), out.bytes.size());
  if (result != 0) {
    throw Error(Errc::io, format_text(_("not enough memory to derive the key ({} MiB needed)"),
                                      128ULL * params.r * (params.n + params.p + 2) / kMiB));
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

}  // namespace medsave
