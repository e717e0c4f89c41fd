#pragma once

#include <openssl/evp.h>

#include <cstddef>
#include <memory>

namespace medsave {

/// Throws Error(internal) with OpenSSL's own words unless `result` is 1: these calls fail only
/// when memory runs out or the library lacks the algorithm.
void require_openssl(int result);

/// Owner of an OpenSSL object.
template <typename T, void (*release)(T*)>
struct OpensslDeleter {
  void operator()(T* object) const noexcept { release(object); }
};
template <typename T, void (*release)(T*)>
using OpensslPtr = std::unique_ptr<T, OpensslDeleter<T, release>>;

using CipherPtr = OpensslPtr<EVP_CIPHER, EVP_CIPHER_free>;
using CipherContextPtr = OpensslPtr<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free>;
using MacPtr = OpensslPtr<EVP_MAC, EVP_MAC_free>;
using MacContextPtr = OpensslPtr<EVP_MAC_CTX, EVP_MAC_CTX_free>;
using DigestPtr = OpensslPtr<EVP_MD, EVP_MD_free>;
using DigestContextPtr = OpensslPtr<EVP_MD_CTX, EVP_MD_CTX_free>;

/// `pointer`, which OpenSSL has just returned; throws as require_openssl when it is null.
template <typename Ptr>
Ptr owned(typename Ptr::pointer pointer) {
  require_openssl(pointer != nullptr ? 1 : 0);
  return Ptr(pointer);
}

inline const unsigned char* octets(const std::byte* p) {
  return reinterpret_cast<const unsigned char*>(p);
}
inline unsigned char* octets(std::byte* p) { return reinterpret_cast<unsigned char*>(p); }

/// Memory of the secure heap, or ordinary memory where that one is full or missing.
/// Throws std::bad_alloc.
void* secure_allocate(std::size_t size);
/// Wipes and frees; `memory` may be null.
void secure_release(void* memory, std::size_t size) noexcept;

}  // namespace medsave
