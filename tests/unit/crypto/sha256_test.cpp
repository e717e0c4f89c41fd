#include "medsave/crypto/sha256.hpp"

#include "vectors.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace medsave {
namespace {

TEST(Sha256, MatchesTheVectorsOfFips180) {
  EXPECT_EQ(sha256({}).hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256(as_bytes("abc")).hex(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256(as_bytes("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")).hex(),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST(Sha256, NamesBlobsAndFilesOfRealRepositories) {
  unsigned count = 0;
  for (const auto& vector : test::crypto_vectors()) {
    SCOPED_TRACE(vector["name"]);
    if (vector.contains("blob_id")) {
      EXPECT_EQ(sha256(test::from_hex(vector["content"]).view()).hex(), vector["blob_id"]);
      ++count;
    }
    if (vector.contains("file_id")) {
      Sha256Stream stream;
      stream.update(test::from_hex(vector["nonce"]).view());
      stream.update(test::from_hex(vector["ciphertext_and_mac"]).view());
      EXPECT_EQ(stream.finish().hex(), vector["file_id"]);
      ++count;
    }
  }
  EXPECT_EQ(count, 10U);
}

TEST(Sha256Stream, GivesTheHashOfTheWholeForAnyPieces) {
  Buffer data(100'000);
  system_random().fill(data.writable());
  Sha256Stream stream;
  for (const std::size_t piece : {1U, 63U, 64U, 65U, 4096U, 100'000U}) {
    for (ByteView rest = data.view(); !rest.empty();) {
      const std::size_t count = std::min(piece, rest.size());
      stream.update(rest.first(count));
      rest = rest.subspan(count);
    }
    EXPECT_EQ(stream.finish(), sha256(data.view())) << piece;
  }
}

TEST(Sha256Stream, MovesAndIsIndependentOfOthers) {
  Sha256Stream a;
  a.update(as_bytes("a"));
  Sha256Stream b;
  b.update(as_bytes("x"));
  Sha256Stream moved = std::move(a);
  moved.update(as_bytes("bc"));
  sha256(as_bytes("between"));
  EXPECT_EQ(moved.finish(), sha256(as_bytes("abc")));
  EXPECT_EQ(moved.finish(), sha256({}));
  EXPECT_EQ(b.finish(), sha256(as_bytes("x")));
}

TEST(Sha256, WorksOnManyThreadsAtOnce) {
  const Id expected = sha256(as_bytes("abc"));
  std::vector<std::jthread> threads;
  threads.reserve(4);
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) EXPECT_EQ(sha256(as_bytes("abc")), expected);
    });
  }
}

/// Content of these lengths, all different.
std::vector<Buffer> messages_of(const std::vector<std::size_t>& lengths) {
  std::vector<Buffer> messages;
  for (const std::size_t length : lengths) {
    system_random().fill(messages.emplace_back(length).writable());
  }
  return messages;
}

TEST(Sha256Job, HashesAMessageOfAnyLength) {
  for (std::size_t length = 0; length < 300; ++length) {
    const Buffer message = std::move(messages_of({length}).front());
    EXPECT_EQ(Sha256Job(message.view()).finish(), sha256(message.view())) << length;
  }
}

TEST(Sha256Job, TwoTogetherGiveTheSameAsEachAlone) {
  for (const std::size_t length : {1U, 63U, 64U, 65U, 640U, 6401U, 1'000'000U}) {
    for (const std::size_t other : {1U, 64U, 129U, 6400U, 999'937U}) {
      const std::vector<Buffer> messages = messages_of({length, other});
      Sha256Job a(messages[0].view());
      Sha256Job b(messages[1].view());
      Sha256Job::advance_both(a, b);
      EXPECT_TRUE(a.done() || b.done());
      EXPECT_EQ(a.finish(), sha256(messages[0].view())) << length << " and " << other;
      EXPECT_EQ(b.finish(), sha256(messages[1].view())) << length << " and " << other;
    }
  }
}

TEST(Sha256Job, MayGrowAndChangeItsPartner) {
  const std::vector<Buffer> messages = messages_of({100'000, 3000, 50'000});
  Sha256Job growing(messages[0].view().first(10'000));
  Sha256Job first(messages[1].view());
  Sha256Job second(messages[2].view());
  Sha256Job::advance_both(first, growing);
  growing.extend(messages[0].view());
  Sha256Job::advance_both(second, growing);
  EXPECT_EQ(growing.finish(), sha256(messages[0].view()));
  EXPECT_EQ(first.finish(), sha256(messages[1].view()));
  EXPECT_EQ(second.finish(), sha256(messages[2].view()));
}

TEST(Sha256Job, MayBeFinishedHalfway) {
  const std::vector<Buffer> messages = messages_of({1000, 100});
  Sha256Job longer(messages[0].view());
  Sha256Job shorter(messages[1].view());
  Sha256Job::advance_both(shorter, longer);
  EXPECT_FALSE(longer.done());
  EXPECT_EQ(longer.finish(), sha256(messages[0].view()));
  EXPECT_EQ(shorter.finish(), sha256(messages[1].view()));
}

}  // namespace
}  // namespace medsave
