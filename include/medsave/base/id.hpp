#pragma once

#include "medsave/base/bytes.hpp"

#include <array>
#include <compare>
#include <cstddef>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace medsave {

/// A SHA-256: the name of a blob (of its plaintext) or of a file (of its stored bytes).
/// The all-zero id names nothing.
class Id {
 public:
  static constexpr std::size_t kSize = 32;

  constexpr Id() = default;
  /// `bytes` holds exactly kSize bytes.
  static Id from_bytes(ByteView bytes);
  /// Exactly 64 lower-case hex digits, else nullopt.
  static std::optional<Id> parse(std::string_view hex);

  [[nodiscard]] std::string hex() const;        // 64 digits
  [[nodiscard]] std::string short_hex() const;  // 8 digits, as shown to people
  [[nodiscard]] const std::array<std::byte, kSize>& bytes() const { return bytes_; }
  [[nodiscard]] std::array<std::byte, kSize>& bytes() { return bytes_; }
  [[nodiscard]] bool is_zero() const { return *this == Id{}; }

  friend bool operator==(const Id&, const Id&) = default;
  friend std::strong_ordering operator<=>(const Id& a, const Id& b) {
    return std::memcmp(a.bytes_.data(), b.bytes_.data(), kSize) <=> 0;
  }

 private:
  std::array<std::byte, kSize> bytes_ = {};
};

}  // namespace medsave

/// Ids are uniformly distributed already.
template <>
struct std::hash<medsave::Id> {
  std::size_t operator()(const medsave::Id& id) const noexcept {
    std::size_t h = 0;
    std::memcpy(&h, id.bytes().data(), sizeof h);
    return h;
  }
};
