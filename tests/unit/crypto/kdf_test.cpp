#include "medsave/crypto/kdf.hpp"

#include "support/matchers.hpp"
#include "vectors.hpp"

#include "medsave/base/encoding.hpp"

#include <gtest/gtest.h>

namespace medsave {
namespace {

using test::throws_errc;

TEST(Kdf, DerivesTheKeysOfRealKeyFiles) {
  unsigned count = 0;
  for (const auto& vector : test::crypto_vectors()) {
    if (!vector.contains("scrypt")) continue;
    const auto& scrypt = vector["scrypt"];
    const Buffer salt = test::from_hex(scrypt["salt"]);
    const KdfParams params{.n = scrypt["N"], .r = scrypt["r"], .p = scrypt["p"]};
    const Key key = derive_key(scrypt["password"].get<std::string>(), salt.view(), params);
    EXPECT_EQ(to_hex(key.encrypt_key()) + to_hex(key.mac_k()) + to_hex(key.mac_r()),
              scrypt["derived"].get<std::string>());
    ++count;
  }
  EXPECT_EQ(count, 4U);
}

TEST(Kdf, AcceptsTheParametersInUse) {
  EXPECT_TRUE(kdf_params_acceptable({}));
  EXPECT_TRUE(kdf_params_acceptable({.n = 2, .r = 1, .p = 1}));
  EXPECT_TRUE(kdf_params_acceptable({.n = 65536, .r = 8, .p = 8}));
}

TEST(Kdf, RejectsParametersOutOfBounds) {
  const KdfParams bad[] = {
      {.n = 0, .r = 8, .p = 1},
      {.n = 1, .r = 8, .p = 1},
      {.n = 32767, .r = 8, .p = 1},              // no power of two
      {.n = 1ULL << 31U, .r = 1, .p = 1},        // above 2^31 - 1
      {.n = 1ULL << 63U, .r = 8, .p = 1},        //
      {.n = 32768, .r = 0, .p = 1},              //
      {.n = 32768, .r = 8, .p = 0},              //
      {.n = 2, .r = 1U << 15U, .p = 1U << 15U},  // r * p
      {.n = 2, .r = 0xffffffff, .p = 0xffffffff},
      {.n = 2, .r = 1U << 24U, .p = 1},      // r alone
      {.n = 1ULL << 21U, .r = 8, .p = 1},    // 2 GiB of memory
      {.n = 1ULL << 20U, .r = 8, .p = 256},  // hours of work
  };
  for (const KdfParams& params : bad) {
    EXPECT_FALSE(kdf_params_acceptable(params)) << params.n << " " << params.r << " " << params.p;
  }
  const Buffer salt = test::from_hex(std::string(2 * kSaltSize, '1'));
  EXPECT_THAT([&] { derive_key("x", salt.view(), bad[0]); }, throws_errc(Errc::corrupt));
}

TEST(Kdf, RejectsASaltOfTheWrongLength) {
  const Buffer salt = test::from_hex(std::string(2 * kSaltSize, '1'));
  EXPECT_THAT([&] { derive_key("x", salt.view().first(kSaltSize - 1), {}); },
              throws_errc(Errc::corrupt));
  EXPECT_THAT([&] { derive_key("x", {}, {}); }, throws_errc(Errc::corrupt));
}

TEST(Kdf, TakesAnEmptyPassword) {
  const Buffer salt = test::from_hex(std::string(2 * kSaltSize, '1'));
  const KdfParams cheap{.n = 2, .r = 1, .p = 1};
  const Key a = derive_key("", salt.view(), cheap);
  const Key b = derive_key({}, salt.view(), cheap);
  EXPECT_EQ(to_hex(a.encrypt_key()), to_hex(b.encrypt_key()));
}

}  // namespace
}  // namespace medsave
