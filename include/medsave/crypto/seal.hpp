#pragma once

#include "medsave/base/bytes.hpp"
#include "medsave/base/random.hpp"
#include "medsave/crypto/key.hpp"

namespace medsave {

/// Appends nonce ‖ AES-256-CTR(plain) ‖ Poly1305 tag of the ciphertext to `out`, with a fresh
/// random nonce. `plain` must not lie inside `out`.
void seal(const Key& key, ByteView plain, Buffer& out, Random& random);

/// The same into `sealed`, whose size must be exactly that of the result, else Error(internal).
void seal_to(const Key& key, ByteView plain, MutableByteView sealed, Random& random);

/// Verifies the tag in constant time, then replaces the content of `plain` by the decrypted bytes.
/// Throws Error(corrupt) when `sealed` is shorter than the overhead, has an all-zero nonce or the
/// tag does not fit; `plain` is empty then. `plain` must not overlap `sealed`.
void open_sealed(const Key& key, ByteView sealed, Buffer& plain);

/// As open_sealed, but false instead of an exception when the tag does not fit (wrong password).
[[nodiscard]] bool try_open_sealed(const Key& key, ByteView sealed, Buffer& plain);

}  // namespace medsave
