#include "medsave/crypto/key.hpp"

#include "openssl.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/system.hpp"
#include "medsave/base/text.hpp"
#include "medsave/crypto/secret.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <new>
#include <utility>

namespace medsave {
namespace {

bool all_zero(ByteView bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{0}; });
}

std::uint64_t next_serial() {
  static std::atomic<std::uint64_t> last = 0;
  return ++last;
}

}  // namespace

struct Key::Block {
  std::array<std::byte, kSize> bytes;
  std::uint64_t serial;
};

Key::Key(ByteView bytes) {
  if (bytes.size() != kSize || all_zero(bytes.first(kEncryptSize)) ||
      all_zero(bytes.subspan(kEncryptSize, kMacKSize)) || all_zero(bytes.last(kMacRSize))) {
    throw Error(Errc::corrupt, _("the encryption key is invalid"));
  }
  block_ = new (secure_allocate(sizeof(Block))) Block;
  std::memcpy(block_->bytes.data(), bytes.data(), kSize);
  block_->serial = next_serial();
}

Key Key::generate(Random& random) {
  struct Wiped {
    std::array<std::byte, kSize> bytes = {};
    ~Wiped() { wipe(bytes.data(), bytes.size()); }
  } fresh;
  random.fill(fresh.bytes);
  return Key(fresh.bytes);
}

Key::Key(Key&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}

Key& Key::operator=(Key&& other) noexcept {
  std::swap(block_, other.block_);
  return *this;
}

Key::~Key() { secure_release(block_, sizeof(Block)); }

ByteView Key::encrypt_key() const { return ByteView(block_->bytes).first(kEncryptSize); }
ByteView Key::mac_k() const { return ByteView(block_->bytes).subspan(kEncryptSize, kMacKSize); }
ByteView Key::mac_r() const { return ByteView(block_->bytes).last(kMacRSize); }
std::uint64_t Key::serial() const { return block_->serial; }

}  // namespace medsave
