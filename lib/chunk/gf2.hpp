#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

/// Arithmetic of polynomials over GF(2), held as integers: bit i is the coefficient of x^i.
namespace medsave::gf2 {

/// -1 for the zero polynomial.
constexpr int degree(std::uint64_t a) { return static_cast<int>(std::bit_width(a)) - 1; }

constexpr std::uint64_t mod(std::uint64_t a, std::uint64_t p) {
  const int d = degree(p);
  for (int i = degree(a); i >= d; i = degree(a)) a ^= p << static_cast<unsigned>(i - d);
  return a;
}

/// a * b mod p for a, b of lower degree than p, which is of degree 63 at most.
constexpr std::uint64_t mul_mod(std::uint64_t a, std::uint64_t b, std::uint64_t p) {
  const std::uint64_t top = std::bit_floor(p);
  std::uint64_t product = 0;
  for (; b != 0; b >>= 1U) {
    if ((b & 1U) != 0) product ^= a;
    a <<= 1U;
    if ((a & top) != 0) a ^= p;
  }
  return product;
}

/// x^exponent mod p, of which the same holds.
constexpr std::uint64_t power_of_x(std::size_t exponent, std::uint64_t p) {
  std::uint64_t result = 1;
  for (; exponent != 0; --exponent) result = mul_mod(result, 2, p);
  return result;
}

constexpr std::uint64_t gcd(std::uint64_t a, std::uint64_t b) {
  while (b != 0) {
    const std::uint64_t rest = mod(a, b);
    a = b;
    b = rest;
  }
  return a;
}

}  // namespace medsave::gf2
