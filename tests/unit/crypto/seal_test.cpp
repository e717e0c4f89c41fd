#include "medsave/crypto/seal.hpp"

#include "support/matchers.hpp"
#include "vectors.hpp"

#include "medsave/base/encoding.hpp"
#include "medsave/crypto/key.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <thread>

namespace medsave {
namespace {

using test::from_hex;
using test::throws_errc;

Key key_of(const nlohmann::json& vector) {
  return Key(from_hex(vector["encrypt"].get<std::string>() + vector["mac_k"].get<std::string>() +
                      vector["mac_r"].get<std::string>())
                 .view());
}

std::string stored_hex(const nlohmann::json& vector) {
  return vector["nonce"].get<std::string>() + vector["ciphertext_and_mac"].get<std::string>();
}

Buffer random_bytes(std::size_t size) {
  Buffer data(size);
  system_random().fill(data.writable());
  return data;
}

TEST(Seal, WritesWhatRealRepositoriesHold) {
  unsigned count = 0;
  for (const auto& vector : test::crypto_vectors()) {
    SCOPED_TRACE(vector["name"]);
    const Key key = key_of(vector);
    const Buffer plain = from_hex(vector["plaintext"]);
    test::RepeatingRandom nonce(from_hex(vector["nonce"]));

    Buffer out(as_bytes("before"));
    seal(key, plain.view(), out, nonce);
    EXPECT_EQ(as_text(out.view().first(6)), "before");
    EXPECT_EQ(to_hex(out.view().subspan(6)), stored_hex(vector));

    Buffer placed(plain.size() + kSealOverhead);
    seal_to(key, plain.view(), placed.writable(), nonce);
    EXPECT_EQ(to_hex(placed.view()), stored_hex(vector));
    ++count;
  }
  EXPECT_EQ(count, 25U);
}

TEST(OpenSealed, ReadsWhatRealRepositoriesHold) {
  for (const auto& vector : test::crypto_vectors()) {
    SCOPED_TRACE(vector["name"]);
    Buffer plain(as_bytes("old content"));
    open_sealed(key_of(vector), from_hex(stored_hex(vector)).view(), plain);
    EXPECT_EQ(to_hex(plain.view()), vector["plaintext"].get<std::string>());
  }
}

TEST(OpenSealed, UndoesSealForSizesAroundItsSlices) {
  const Key key = Key::generate(system_random());
  Buffer sealed;
  Buffer plain;
  for (const std::size_t size :
       {0U, 1U, 15U, 16U, 17U, 16383U, 16384U, 16385U, 32768U, 100'003U, 1'048'576U}) {
    const Buffer data = random_bytes(size);
    sealed.clear();
    seal(key, data.view(), sealed, system_random());
    EXPECT_EQ(sealed.size(), size + kSealOverhead);
    open_sealed(key, sealed.view(), plain);
    EXPECT_TRUE(as_text(plain.view()) == as_text(data.view())) << size;
  }
}

TEST(OpenSealed, FindsEveryFlippedBit) {
  const Key key = Key::generate(system_random());
  Buffer sealed;
  seal(key, as_bytes("a letter to the doctor"), sealed, system_random());
  for (std::size_t bit = 0; bit < 8 * sealed.size(); ++bit) {
    const auto mask = static_cast<std::byte>(1U << bit % 8);
    sealed.data()[bit / 8] ^= mask;
    Buffer plain(as_bytes("old content"));
    EXPECT_THAT([&] { open_sealed(key, sealed.view(), plain); }, throws_errc(Errc::corrupt));
    EXPECT_TRUE(plain.empty());
    sealed.data()[bit / 8] ^= mask;
  }
  Buffer plain;
  EXPECT_NO_THROW(open_sealed(key, sealed.view(), plain));
}

TEST(OpenSealed, FindsEveryTruncation) {
  const Key key = Key::generate(system_random());
  Buffer sealed;
  seal(key, as_bytes("a letter"), sealed, system_random());
  Buffer plain;
  for (std::size_t length = 0; length < sealed.size(); ++length) {
    EXPECT_THAT([&] { open_sealed(key, sealed.view().first(length), plain); },
                throws_errc(Errc::corrupt))
        << length;
  }
}

TEST(OpenSealed, RejectsAnAllZeroNonce) {
  const Key key = Key::generate(system_random());
  const Buffer zeros = from_hex(std::string(80, '0'));
  Buffer plain;
  EXPECT_THAT([&] { open_sealed(key, zeros.view(), plain); }, throws_errc(Errc::corrupt));
  EXPECT_THAT([&] { static_cast<void>(try_open_sealed(key, zeros.view(), plain)); },
              throws_errc(Errc::corrupt));
}

TEST(TryOpenSealed, SaysNoToTheWrongKey) {
  const Key right = Key::generate(system_random());
  const Key wrong = Key::generate(system_random());
  Buffer sealed;
  seal(right, as_bytes("master key"), sealed, system_random());
  Buffer plain(as_bytes("old content"));
  EXPECT_FALSE(try_open_sealed(wrong, sealed.view(), plain));
  EXPECT_TRUE(plain.empty());
  EXPECT_TRUE(try_open_sealed(right, sealed.view(), plain));
  EXPECT_EQ(as_text(plain.view()), "master key");
}

TEST(OpenSealed, ReadsWithANewKeyAtTheAddressOfAnOldOne) {
  Buffer sealed;
  Buffer plain;
  std::optional<Key> key;
  for (int i = 0; i < 10; ++i) {
    key.reset();
    key.emplace(Key::generate(system_random()));
    sealed.clear();
    seal(*key, as_bytes("text"), sealed, system_random());
    // Another thread has no context that could remember an old key.
    std::thread([&] { EXPECT_NO_THROW(open_sealed(*key, sealed.view(), plain)); }).join();
    EXPECT_EQ(as_text(plain.view()), "text");
  }
}

TEST(Seal, UsesAFreshNonceEachTime) {
  const Key key = Key::generate(system_random());
  Buffer a;
  Buffer b;
  seal(key, as_bytes("text"), a, system_random());
  seal(key, as_bytes("text"), b, system_random());
  EXPECT_NE(to_hex(a.view().first(16)), to_hex(b.view().first(16)));
}

TEST(Seal, RefusesARandomSourceOfZeros) {
  const Key key = Key::generate(system_random());
  test::RepeatingRandom zeros(from_hex("00"));
  Buffer out;
  EXPECT_THAT([&] { seal(key, as_bytes("text"), out, zeros); }, throws_errc(Errc::internal));
}

TEST(SealTo, NeedsRoomForExactlyThat) {
  const Key key = Key::generate(system_random());
  for (const std::size_t size : {0U, 35U, 37U}) {
    Buffer room(size);
    EXPECT_THAT([&] { seal_to(key, as_bytes("text"), room.writable(), system_random()); },
                throws_errc(Errc::internal));
  }
}

}  // namespace
}  // namespace medsave
