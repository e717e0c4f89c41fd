#include "openssl.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/crypto/secret.hpp"

#include <openssl/crypto.h>
#include <openssl/err.h>

#include <array>
#include <new>

namespace medsave {

void require_openssl(int result) {
  if (result == 1) return;
  std::array<char, 256> reason = {};
  ERR_error_string_n(ERR_get_error(), reason.data(), reason.size());
  ERR_clear_error();
  throw Error(Errc::internal, format_text(_("the cryptography library failed: {}"), reason.data()));
}

void* secure_allocate(std::size_t size) {
  init_secure_memory();
  void* memory = OPENSSL_secure_malloc(size);
  if (memory == nullptr) {
    ERR_clear_error();
    memory = OPENSSL_malloc(size);
  }
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

void secure_release(void* memory, std::size_t size) noexcept {
  // OpenSSL tells by the address from which heap the memory is; it is wiped in both cases.
  if (memory != nullptr) OPENSSL_secure_clear_free(memory, size);
}

}  // namespace medsave
