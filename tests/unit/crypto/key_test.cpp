#include "medsave/crypto/key.hpp"

#include "support/matchers.hpp"
#include "vectors.hpp"

#include "medsave/base/encoding.hpp"

#include <gtest/gtest.h>

namespace medsave {
namespace {

using test::throws_errc;

const std::string kHex = std::string(64, '1') + std::string(32, '2') + std::string(32, 'f');

TEST(Key, KeepsItsThreePartsAsGiven) {
  const Key key(test::from_hex(kHex).view());
  EXPECT_EQ(to_hex(key.encrypt_key()), std::string(64, '1'));
  EXPECT_EQ(to_hex(key.mac_k()), std::string(32, '2'));
  EXPECT_EQ(to_hex(key.mac_r()), std::string(32, 'f'));  // not clamped
}

TEST(Key, RejectsAPartThatIsAllZero) {
  for (const auto& part : {std::pair(0, 64), std::pair(64, 32), std::pair(96, 32)}) {
    std::string hex = kHex;
    std::fill_n(hex.begin() + part.first, part.second, '0');
    EXPECT_THAT([&] { Key{test::from_hex(hex).view()}; }, throws_errc(Errc::corrupt));
  }
}

TEST(Key, RejectsTheWrongLength) {
  const Buffer bytes = test::from_hex(kHex);
  EXPECT_THAT([&] { Key{bytes.view().first(63)}; }, throws_errc(Errc::corrupt));
  EXPECT_THAT([&] { Key{ByteView()}; }, throws_errc(Errc::corrupt));
}

TEST(Key, MovesItsBytes) {
  Key a(test::from_hex(kHex).view());
  const std::uint64_t serial = a.serial();
  Key b = std::move(a);
  EXPECT_EQ(b.serial(), serial);
  a = Key::generate(system_random());
  b = std::move(a);
  EXPECT_NE(b.serial(), serial);
}

TEST(Key, IsGeneratedFresh) {
  const Key a = Key::generate(system_random());
  const Key b = Key::generate(system_random());
  EXPECT_NE(to_hex(a.encrypt_key()), to_hex(b.encrypt_key()));
  EXPECT_NE(a.serial(), b.serial());
}

TEST(Key, RefusesARandomSourceOfZeros) {
  test::RepeatingRandom zeros(test::from_hex("00"));
  EXPECT_THAT([&] { Key::generate(zeros); }, throws_errc(Errc::corrupt));
}

}  // namespace
}  // namespace medsave
