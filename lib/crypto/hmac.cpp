#include "medsave/crypto/hmac.hpp"

#include "openssl.hpp"

namespace medsave {

std::array<std::byte, 32> hmac_sha256(ByteView key, ByteView data) {
  static constexpr std::byte kNothing{};  // OpenSSL takes no null pointers
  std::array<std::byte, 32> mac = {};
  std::size_t length = 0;
  const unsigned char* made =
      EVP_Q_mac(nullptr, "HMAC", nullptr, "SHA2-256", nullptr, key.empty() ? &kNothing : key.data(),
                key.size(), octets(data.empty() ? &kNothing : data.data()), data.size(),
                octets(mac.data()), mac.size(), &length);
  require_openssl(made != nullptr && length == mac.size() ? 1 : 0);
  return mac;
}

}  // namespace medsave
