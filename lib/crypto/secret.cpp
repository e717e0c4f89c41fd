#include "medsave/crypto/secret.hpp"

#include "openssl.hpp"

#include <openssl/crypto.h>

#include <cstring>
#include <mutex>
#include <utility>

namespace medsave {

Secret::Secret(std::string_view text) {
  if (text.empty()) return;
  data_ = static_cast<char*>(secure_allocate(text.size()));
  size_ = text.size();
  std::memcpy(data_, text.data(), size_);
}

Secret::Secret(Secret&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

Secret& Secret::operator=(Secret&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

Secret::~Secret() { secure_release(data_, size_); }

void init_secure_memory() {
  // A key takes 128 bytes of it, a password rarely more than 64.
  constexpr std::size_t kHeapSize = std::size_t{256} * 1024;
  constexpr std::size_t kSmallestBlock = 32;
  static std::once_flag once;
  // On failure OpenSSL serves these requests from the ordinary heap.
  std::call_once(once, [] { CRYPTO_secure_malloc_init(kHeapSize, kSmallestBlock); });
}

}  // namespace medsave
