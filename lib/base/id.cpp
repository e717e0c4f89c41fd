#include "medsave/base/id.hpp"

#include "medsave/base/encoding.hpp"

#include <cassert>

namespace medsave {
namespace {

constexpr unsigned kNoDigit = 0xff;

unsigned hex_value(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10U;
  return kNoDigit;
}

}  // namespace

Id Id::from_bytes(ByteView bytes) {
  assert(bytes.size() == kSize);
  Id id;
  std::memcpy(id.bytes_.data(), bytes.data(), kSize);
  return id;
}

std::optional<Id> Id::parse(std::string_view hex) {
  if (hex.size() != 2 * kSize) return std::nullopt;
  Id id;
  for (std::size_t i = 0; i < kSize; ++i) {
    const unsigned high = hex_value(hex[2 * i]);
    const unsigned low = hex_value(hex[2 * i + 1]);
    if (high == kNoDigit || low == kNoDigit) return std::nullopt;
    id.bytes_[i] = static_cast<std::byte>(high << 4U | low);
  }
  return id;
}

std::string Id::hex() const { return to_hex(bytes_); }

std::string Id::short_hex() const { return to_hex(ByteView(bytes_).first(4)); }

}  // namespace medsave
