#pragma once

#include "medsave/base/random.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace medsave {

/// A polynomial over GF(2) of degree 53 that selects where files are cut: bit i is the
/// coefficient of x^i. As secret as the content: never print it.
class Polynomial {
 public:
  static constexpr int kDegree = 53;

  /// nullopt unless of degree 53 and irreducible (Ben-Or's test).
  static std::optional<Polynomial> from_bits(std::uint64_t bits);
  /// Hex without prefix or padding, as in `config`.
  static std::optional<Polynomial> parse(std::string_view hex);
  static Polynomial generate(Random& random);

  [[nodiscard]] std::uint64_t bits() const { return bits_; }
  [[nodiscard]] std::string hex() const;
  friend bool operator==(const Polynomial&, const Polynomial&) = default;

 private:
  explicit Polynomial(std::uint64_t bits) : bits_(bits) {}
  std::uint64_t bits_;
};

}  // namespace medsave
