#include "medsave/crypto/kdf.hpp"

#include "openssl.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/system.hpp"
#include "medsave/base/text.hpp"
#include "medsave/base/thread.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <bit>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>

namespace medsave {
namespace {

constexpr std::uint64_t kMiB = 1U << 20U;
constexpr std::uint64_t kMaxMemory = 1024 * kMiB;
constexpr std::uint64_t kMaxWork = 1ULL << 27U;
/// At this cost a derivation takes half a second or less, so it need not be interruptible.
constexpr std::uint64_t kShortWork = 1ULL << 20U;

std::uint64_t memory_of(const KdfParams& params) {
  return 128ULL * params.r * (params.n + params.p + 2);
}

std::uint64_t work_of(const KdfParams& params) { return params.n * params.r * params.p; }

struct DerivedBytes {
  std::array<std::byte, Key::kSize> bytes = {};
  ~DerivedBytes() { wipe(bytes.data(), bytes.size()); }
};

/// False without enough memory. libsodium's scrypt takes two thirds of the time of OpenSSL's.
bool scrypt(std::string_view password, ByteView salt, const KdfParams& params, DerivedBytes& out) {
  constexpr std::byte kNothing{};  // the library wants a valid address for empty data, too
  const std::byte* text = password.empty() ? &kNothing : as_bytes(password).data();
  return crypto_pwhash_scryptsalsa208sha256_ll(octets(text), password.size(), octets(salt.data()),
                                               salt.size(), params.n, params.r, params.p,
                                               octets(out.bytes.data()), out.bytes.size()) == 0;
}

/// A derivation on a thread of its own. After an interruption the thread goes on, perhaps while the
/// process exits: so it works on copies in ordinary memory and does not use OpenSSL, which may be
/// shut down already.
struct Derivation {
  Derivation(std::string_view text, ByteView bytes, const KdfParams& wanted)
      : password(text), salt(bytes), params(wanted) {}
  Derivation(const Derivation&) = delete;
  Derivation& operator=(const Derivation&) = delete;
  ~Derivation() { wipe(password.data(), password.size()); }

  std::string password;
  Buffer salt;
  const KdfParams params;
  std::mutex mutex = {};  // guards the following
  std::condition_variable_any changed = {};
  bool done = false;
  bool succeeded = false;
  DerivedBytes derived = {};
};

void derive(const std::shared_ptr<Derivation>& derivation) {
  DerivedBytes derived;
  const bool succeeded =
      scrypt(derivation->password, derivation->salt.view(), derivation->params, derived);
  const std::lock_guard lock(derivation->mutex);
  derivation->derived.bytes = derived.bytes;
  derivation->succeeded = succeeded;
  derivation->done = true;
  derivation->changed.notify_all();
}

bool scrypt_until_stopped(std::string_view password, ByteView salt, const KdfParams& params,
                          DerivedBytes& out, const std::stop_token& stop) {
  const auto derivation = std::make_shared<Derivation>(password, salt, params);
  start_thread([derivation] { derive(derivation); }).detach();
  std::unique_lock lock(derivation->mutex);
  if (!derivation->changed.wait(lock, stop, [&] { return derivation->done; })) throw Interrupted();
  out.bytes = derivation->derived.bytes;
  return derivation->succeeded;
}

}  // namespace

bool kdf_params_valid(const KdfParams& params) {
  constexpr std::uint64_t kMaxInt = (1ULL << 31U) - 1;
  constexpr std::uint64_t kMaxBlocks = 1ULL << 30U;
  const std::uint64_t n = params.n;
  const std::uint64_t r = params.r;
  const std::uint64_t p = params.p;
  if (n <= 1 || n > kMaxInt || !std::has_single_bit(n)) return false;
  if (r < 1 || p < 1 || r * p >= kMaxBlocks) return false;
  return r <= kMaxInt / 128 / p && r <= kMaxInt / 256 && n <= kMaxInt / 128 / r;
}

bool kdf_params_acceptable(const KdfParams& params) {
  // scrypt needs 128*r*n and 128*r*p bytes; the larger part decides.
  return kdf_params_valid(params) &&
         128ULL * params.r * std::max<std::uint64_t>(params.n, params.p) <= kMaxMemory &&
         work_of(params) <= kMaxWork;
}

Key derive_key(std::string_view password, ByteView salt, const KdfParams& params,
               const std::stop_token& stop) {
  if (!kdf_params_valid(params)) {
    throw Error(Errc::corrupt, format_text(_("key parameters out of bounds: N={}, r={}, p={}"),
                                           params.n, params.r, params.p));
  }
  if (!kdf_params_acceptable(params)) {
    throw Error(Errc::unsupported,
                format_text(_("to try a password would take {} MiB of memory and far more time "
                              "than is usual (N={}, r={}, p={}), so it is not tried"),
                            memory_of(params) / kMiB, params.n, params.r, params.p));
  }
  if (salt.size() != kSaltSize) {
    throw Error(Errc::corrupt,
                format_text(_("key salt is {} bytes long instead of {}"), salt.size(), kSaltSize));
  }
  if (sodium_init() < 0) throw Error(Errc::internal, _("the cryptographic library does not start"));
  DerivedBytes derived;
  const bool succeeded = stop.stop_possible() && work_of(params) > kShortWork
                             ? scrypt_until_stopped(password, salt, params, derived, stop)
                             : scrypt(password, salt, params, derived);
  if (!succeeded) {
    throw Error(Errc::io, format_text(_("not enough memory to derive the key ({} MiB needed)"),
                                      memory_of(params) / kMiB));
  }
  return Key(derived.bytes);
}

}  // namespace medsave
