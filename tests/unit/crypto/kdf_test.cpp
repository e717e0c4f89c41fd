#include "medsave/crypto/kdf.hpp"

#include "support/matchers.hpp"
#include "vectors.hpp"

#include "medsave/base/encoding.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <stop_token>
#include <string>
#include <thread>

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
  EXPECT_TRUE(kdf_params_acceptable({.n = 1U << 20U, .r = 8, .p = 16}));
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
      {.n = 2, .r = 1U << 24U, .p = 1},    // r alone
      {.n = 1ULL << 21U, .r = 8, .p = 1},  // 2 GiB of memory
  };
  for (const KdfParams& params : bad) {
    EXPECT_FALSE(kdf_params_valid(params)) << params.n << " " << params.r << " " << params.p;
    EXPECT_FALSE(kdf_params_acceptable(params)) << params.n << " " << params.r << " " << params.p;
  }
  const Buffer salt = test::from_hex(std::string(2 * kSaltSize, '1'));
  EXPECT_THAT([&] { derive_key("x", salt.view(), bad[0]); }, throws_errc(Errc::corrupt));
}

TEST(Kdf, RefusesWhatCostsTooMuch) {
  const KdfParams costly[] = {
      {.n = 1ULL << 20U, .r = 9, .p = 1},            // above 1 GiB of memory
      {.n = 2, .r = 1, .p = (1U << 24U) - 1},        // in p alone
      {.n = 1ULL << 15U, .r = 8, .p = 513},          // a minute and more
      {.n = 1ULL << 10U, .r = 8, .p = (1U << 20U)},  //
  };
  const Buffer salt = test::from_hex(std::string(2 * kSaltSize, '1'));
  for (const KdfParams& params : costly) {
    EXPECT_TRUE(kdf_params_valid(params)) << params.n << " " << params.p;
    EXPECT_FALSE(kdf_params_acceptable(params)) << params.n << " " << params.p;
    EXPECT_THAT([&] { derive_key("x", salt.view(), params); }, throws_errc(Errc::unsupported));
  }
}

TEST(Kdf, IsGivenUpWhileItTakesLong) {
  using SteadyClock = std::chrono::steady_clock;
  const Buffer salt = test::from_hex(std::string(2 * kSaltSize, '1'));
  const KdfParams costly{.n = 1U << 16U, .r = 8, .p = 256};
  const SteadyClock::time_point start = SteadyClock::now();
  std::stop_source stop;
  const std::jthread interrupter([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    stop.request_stop();
  });
  EXPECT_THROW(derive_key("x", salt.view(), costly, stop.get_token()), Interrupted);
  EXPECT_LT(SteadyClock::now() - start, std::chrono::seconds(2));
}

TEST(Kdf, IsTheSameWhenItCanBeGivenUp) {
  const Buffer salt = test::from_hex(std::string(2 * kSaltSize, '1'));
  const KdfParams longer{.n = 1U << 14U, .r = 8, .p = 16};  // more than half a second
  const Key a = derive_key("x", salt.view(), longer);
  const std::stop_source nobody_stops;
  const Key b = derive_key("x", salt.view(), longer, nobody_stops.get_token());
  EXPECT_EQ(to_hex(a.encrypt_key()), to_hex(b.encrypt_key()));
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
