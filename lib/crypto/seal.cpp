#include "medsave/crypto/seal.hpp"

#include "openssl.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/system.hpp"
#include "medsave/base/text.hpp"
#include "medsave/crypto/key.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace medsave {
namespace {

constexpr std::size_t kNonceSize = 16;
constexpr std::size_t kTagSize = 16;
// Bytes that are encrypted and then authenticated while they are in the first-level cache; also
// small enough for the int lengths of OpenSSL.
constexpr std::size_t kSlice = std::size_t{16} * 1024;

using Nonce = std::span<const std::byte, kNonceSize>;
using Tag = std::array<std::byte, kTagSize>;

/// OpenSSL's algorithms, fetched once: a fetch costs more than sealing a small blob.
struct Algorithms {
  CipherPtr ctr = owned<CipherPtr>(EVP_CIPHER_fetch(nullptr, "AES-256-CTR", nullptr));
  CipherPtr ecb = owned<CipherPtr>(EVP_CIPHER_fetch(nullptr, "AES-128-ECB", nullptr));
  MacPtr mac = owned<MacPtr>(EVP_MAC_fetch(nullptr, "POLY1305", nullptr));
};

const Algorithms& algorithms() {
  static const Algorithms fetched;
  return fetched;
}

/// One thread's contexts, set up for the key used last; EVP wipes them when the thread ends.
class Sealer {
 public:
  static Sealer& of_this_thread() {
    thread_local Sealer sealer;
    return sealer;
  }

  /// Prepares for one sealed object.
  void begin(const Key& key, Nonce nonce) {
    if (key.serial() != serial_) set_key(key);
    require_openssl(
        EVP_EncryptInit_ex2(ctr_.get(), nullptr, nullptr, octets(nonce.data()), nullptr));
    // Poly1305's one-time key: r, then the nonce encrypted with k.
    std::array<std::byte, 32> once = {};
    std::memcpy(once.data(), key.mac_r().data(), Key::kMacRSize);
    int written = 0;
    require_openssl(EVP_EncryptUpdate(ecb_.get(), octets(once.data() + Key::kMacRSize), &written,
                                      octets(nonce.data()), kNonceSize));
    const int initialised = EVP_MAC_init(mac_.get(), octets(once.data()), once.size(), nullptr);
    wipe(once.data(), once.size());
    require_openssl(initialised);
  }

  /// Encrypting and decrypting are the same. `to` may equal `from`.
  void crypt(const std::byte* from, std::byte* to, std::size_t size) {
    int written = 0;
    require_openssl(
        EVP_EncryptUpdate(ctr_.get(), octets(to), &written, octets(from), static_cast<int>(size)));
  }

  void authenticate(ByteView ciphertext) {
    require_openssl(EVP_MAC_update(mac_.get(), octets(ciphertext.data()), ciphertext.size()));
  }

  Tag tag() {
    Tag tag = {};
    std::size_t size = 0;
    require_openssl(EVP_MAC_final(mac_.get(), octets(tag.data()), &size, tag.size()));
    return tag;
  }

 private:
  void set_key(const Key& key) {
    serial_ = 0;  // the serial of no key, in case one of the calls below fails
    const unsigned char* encrypt_key = octets(key.encrypt_key().data());
    const unsigned char* mac_key = octets(key.mac_k().data());
    require_openssl(
        EVP_EncryptInit_ex2(ctr_.get(), algorithms().ctr.get(), encrypt_key, nullptr, nullptr));
    require_openssl(
        EVP_EncryptInit_ex2(ecb_.get(), algorithms().ecb.get(), mac_key, nullptr, nullptr));
    require_openssl(EVP_CIPHER_CTX_set_padding(ecb_.get(), 0));
    serial_ = key.serial();
  }

  CipherContextPtr ctr_ = owned<CipherContextPtr>(EVP_CIPHER_CTX_new());
  CipherContextPtr ecb_ = owned<CipherContextPtr>(EVP_CIPHER_CTX_new());
  MacContextPtr mac_ = owned<MacContextPtr>(EVP_MAC_CTX_new(algorithms().mac.get()));
  std::uint64_t serial_ = 0;  // of the key in ctr_ and ecb_
};

bool all_zero(Nonce nonce) {
  return std::all_of(nonce.begin(), nonce.end(), [](std::byte b) { return b == std::byte{0}; });
}

void draw_nonce(Random& random, std::byte* to) {
  const MutableByteView nonce(to, kNonceSize);
  random.fill(nonce);
  if (all_zero(Nonce(to, kNonceSize))) {
    throw Error(Errc::internal, _("the random number generator is broken: it returned zeros"));
  }
}

}  // namespace

void seal_to(const Key& key, ByteView plain, MutableByteView sealed, Random& random) {
  if (sealed.size() != plain.size() + kSealOverhead) {
    throw Error(Errc::internal, "seal_to: the room is not as large as what is to stand there");
  }
  draw_nonce(random, sealed.data());
  Sealer& sealer = Sealer::of_this_thread();
  sealer.begin(key, sealed.first<kNonceSize>());
  std::byte* to = sealed.data() + kNonceSize;
  for (std::size_t done = 0; done < plain.size(); done += kSlice) {
    const std::size_t count = std::min(kSlice, plain.size() - done);
    sealer.crypt(plain.data() + done, to + done, count);
    sealer.authenticate({to + done, count});
  }
  const Tag tag = sealer.tag();
  std::memcpy(sealed.last<kTagSize>().data(), tag.data(), tag.size());
}

void seal(const Key& key, ByteView plain, Buffer& out, Random& random) {
  const std::size_t start = out.size();
  out.resize(start + plain.size() + kSealOverhead);
  seal_to(key, plain, out.writable().subspan(start), random);
}

bool try_open_sealed(const Key& key, ByteView sealed, Buffer& plain) {
  plain.clear();
  if (sealed.size() < kSealOverhead) {
    throw Error(Errc::corrupt,
                format_text(_("encrypted data is too short ({} bytes)"), sealed.size()));
  }
  const Nonce nonce = sealed.first<kNonceSize>();
  if (all_zero(nonce)) throw Error(Errc::corrupt, _("encrypted data has an invalid nonce"));
  const ByteView ciphertext = sealed.subspan(kNonceSize, sealed.size() - kSealOverhead);

  Sealer& sealer = Sealer::of_this_thread();
  sealer.begin(key, nonce);
  sealer.authenticate(ciphertext);
  const Tag tag = sealer.tag();
  if (CRYPTO_memcmp(tag.data(), sealed.last<kTagSize>().data(), kTagSize) != 0) return false;

  plain.reserve(ciphertext.size());  // else growing would allocate twice as much
  plain.resize(ciphertext.size());
  for (std::size_t done = 0; done < ciphertext.size(); done += kSlice) {
    const std::size_t count = std::min(kSlice, ciphertext.size() - done);
    sealer.crypt(ciphertext.data() + done, plain.data() + done, count);
  }
  return true;
}

void open_sealed(const Key& key, ByteView sealed, Buffer& plain) {
  if (!try_open_sealed(key, sealed, plain)) {
    throw Error(Errc::corrupt, _("the authentication code is wrong"));
  }
}

}  // namespace medsave
