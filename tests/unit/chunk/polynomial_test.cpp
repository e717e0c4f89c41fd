#include "medsave/chunk/polynomial.hpp"

#include "gf2.hpp"
#include "vectors.hpp"

#include <gtest/gtest.h>

namespace medsave {
namespace {

TEST(Polynomial, AcceptsIrreducibleOnes) {
  const auto vectors = test::chunker_vectors();
  for (const std::string hex : vectors["irreducible"]) {
    const auto polynomial = Polynomial::parse(hex);
    ASSERT_TRUE(polynomial.has_value()) << hex;
    EXPECT_EQ(polynomial->hex(), hex);
    EXPECT_EQ(Polynomial::from_bits(polynomial->bits()), polynomial);
  }
}

TEST(Polynomial, RejectsReducibleOnes) {
  const auto vectors = test::chunker_vectors();
  for (const std::string hex : vectors["reducible"]) {
    EXPECT_EQ(Polynomial::parse(hex), std::nullopt) << hex;
  }
}

TEST(Polynomial, RejectsOtherDegrees) {
  EXPECT_EQ(Polynomial::from_bits(0), std::nullopt);
  EXPECT_EQ(Polynomial::from_bits(1), std::nullopt);
  EXPECT_EQ(Polynomial::from_bits(7), std::nullopt);                   // irreducible, degree 2
  EXPECT_EQ(Polynomial::from_bits((1ULL << 54U) | 1U), std::nullopt);  // degree 54
  EXPECT_EQ(Polynomial::from_bits(~std::uint64_t{0}), std::nullopt);   // degree 63
}

TEST(Polynomial, RejectsWhatIsNoHex) {
  for (const char* text : {"", "0x2ee6b31461bc57", " 2ee6b31461bc57", "2ee6b31461bc57 ",
                           "-2ee6b31461bc57", "2ee6b31461bc5g", "2ee6b31461bc572ee6b31461bc57"}) {
    EXPECT_EQ(Polynomial::parse(text), std::nullopt) << text;
  }
}

TEST(Polynomial, GeneratesIrreducibleOnes) {
  for (int i = 0; i < 20; ++i) {
    const Polynomial polynomial = Polynomial::generate(system_random());
    EXPECT_EQ(Polynomial::parse(polynomial.hex()), polynomial);
    EXPECT_EQ(polynomial.hex().size(), 14U);
  }
}

TEST(Gf2, MultipliesAndReducesAsByHand) {
  EXPECT_EQ(gf2::degree(0), -1);
  EXPECT_EQ(gf2::degree(0b1011), 3);
  EXPECT_EQ(gf2::mod(0b10011, 0b111), 0b1U);             // x^4 + x + 1 mod x^2 + x + 1
  EXPECT_EQ(gf2::mul_mod(0b101, 0b110, 0b1011), 0b11U);  // (x^2+1)(x^2+x) mod x^3+x+1
  EXPECT_EQ(gf2::gcd(0b101, 0b11), 0b11U);               // x^2 + 1 = (x + 1)^2
}

}  // namespace
}  // namespace medsave
