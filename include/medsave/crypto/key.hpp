#pragma once

// crypto: the cryptography of the repository format, by OpenSSL and libsodium. Begin here: a Key
// seals and opens all that is stored. kdf.hpp derives a key from a password, sha256.hpp computes
// the names of blobs and files, secret.hpp holds passwords; hmac.hpp and md5.hpp are for protocols
// of servers.

#include "medsave/base/bytes.hpp"
#include "medsave/base/random.hpp"
#include "medsave/crypto/sealed_size.hpp"

#include <cstddef>
#include <cstdint>

namespace medsave {

/// AES-256-CTR key plus the Poly1305-AES pair (k, r). Lives in OpenSSL's locked secure heap, is
/// wiped on destruction, cannot be copied. Immutable, hence thread-safe. Source: Bernstein, "The
/// Poly1305-AES message-authentication code" (2005); medsave-repository(5), "ENCRYPTION".
class Key {
 public:
  static constexpr std::size_t kEncryptSize = 32;
  static constexpr std::size_t kMacKSize = 16;
  static constexpr std::size_t kMacRSize = 16;
  static constexpr std::size_t kSize = kEncryptSize + kMacKSize + kMacRSize;

  /// `bytes`: encrypt ‖ k ‖ r, exactly kSize. r is kept as given (unclamped).
  /// Throws Error(corrupt) when any of the three is entirely zero.
  explicit Key(ByteView bytes);
  static Key generate(Random& random);
  Key(Key&&) noexcept;
  Key& operator=(Key&&) noexcept;
  Key(const Key&) = delete;
  Key& operator=(const Key&) = delete;
  ~Key();

  [[nodiscard]] ByteView encrypt_key() const;
  [[nodiscard]] ByteView mac_k() const;
  [[nodiscard]] ByteView mac_r() const;
  /// Identifies this key within the process; unlike an address it is never used for another key.
  [[nodiscard]] std::uint64_t serial() const;

 private:
  struct Block;
  Block* block_ = nullptr;  // in the secure heap
};

}  // namespace medsave
