#include "medsave/chunk/polynomial.hpp"

#include "gf2.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"

#include <fmt/format.h>

#include <charconv>

namespace medsave {
namespace {

/// Ben-Or: f is irreducible when it shares no factor with x^(2^i) - x for i up to half its
/// degree, since that product holds every irreducible polynomial whose degree divides i.
bool irreducible(std::uint64_t f) {
  constexpr std::uint64_t kX = 2;
  std::uint64_t power = kX;
  for (int i = 1; i <= gf2::degree(f) / 2; ++i) {
    power = gf2::mul_mod(power, power, f);
    if (gf2::gcd(f, power ^ kX) != 1) return false;
  }
  return true;
}

}  // namespace

std::optional<Polynomial> Polynomial::from_bits(std::uint64_t bits) {
  if (gf2::degree(bits) != kDegree || !irreducible(bits)) return std::nullopt;
  return Polynomial(bits);
}

std::optional<Polynomial> Polynomial::parse(std::string_view hex) {
  std::uint64_t bits = 0;
  const char* end = hex.data() + hex.size();
  const auto [stop, error] = std::from_chars(hex.data(), end, bits, 16);
  if (error != std::errc() || stop != end) return std::nullopt;
  return from_bits(bits);
}

Polynomial Polynomial::generate(Random& random) {
  constexpr std::uint64_t kTop = std::uint64_t{1} << static_cast<unsigned>(kDegree);
  constexpr int kMaxTries = 1'000'000;  // one in a few dozen is irreducible
  for (int i = 0; i < kMaxTries; ++i) {
    std::uint64_t bits = 0;
    random.fill(std::as_writable_bytes(std::span(&bits, 1)));
    // The lowest bit must be set too, else x divides it.
    const auto found = from_bits((bits & (kTop - 1)) | kTop | 1U);
    if (found) return *found;
  }
  throw Error(Errc::internal, _("the random number generator is broken: no polynomial found"));
}

std::string Polynomial::hex() const { return fmt::format("{:x}", bits_); }

}  // namespace medsave
