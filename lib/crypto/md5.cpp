#include "medsave/crypto/md5.hpp"

#include "openssl.hpp"

namespace medsave {

std::array<std::byte, 16> md5(ByteView data) {
  std::array<std::byte, 16> digest = {};
  std::size_t length = 0;
  require_openssl(EVP_Q_digest(nullptr, "MD5", nullptr, data.data(), data.size(),
                               octets(digest.data()), &length));
  return digest;
}

}  // namespace medsave
