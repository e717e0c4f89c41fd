#include "medsave/chunk/chunker.hpp"

#include "gf2.hpp"
#include "vectors.hpp"

#include "medsave/crypto/sha256.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <vector>

namespace medsave {
namespace {

constexpr std::uint64_t kBits = 0x2ee6b31461bc57;

Buffer random_segment(std::uint64_t seed, std::size_t length) {
  Buffer out;
  out.reserve(length + Id::kSize);
  for (std::uint64_t counter = 0; out.size() < length; ++counter) {
    const std::uint64_t block[2] = {seed, counter};
    out.append(sha256(std::as_bytes(std::span(block))).bytes());
  }
  out.resize(length);
  return out;
}

Buffer make_stream(const nlohmann::json& description) {
  Buffer out;
  out.reserve(description["total_length"]);
  for (const auto& segment : description["segments"]) {
    const std::string kind = segment["kind"];
    const std::size_t length = segment["length"];
    const std::size_t start = out.size();
    if (kind == "random") {
      out.append(random_segment(segment["seed"], length).view());
    } else if (kind == "byte") {
      out.resize(start + length);
      const auto value = static_cast<std::byte>(segment["value"].get<unsigned>());
      std::fill_n(out.data() + start, length, value);
    } else {
      const Buffer period = random_segment(segment["seed"], segment["period"]);
      while (out.size() < start + length) out.append(period.view());
      out.resize(start + length);
    }
  }
  return out;
}

std::vector<std::size_t> cut_whole(const Chunker& chunker, ByteView data) {
  std::vector<std::size_t> lengths;
  while (!data.empty()) {
    std::size_t scanned = 0;
    lengths.push_back(chunker.next_cut(data, true, scanned));
    data = data.subspan(lengths.back());
  }
  return lengths;
}

/// Shows the data `step` bytes at a time, as a reader that fills its buffer does.
std::vector<std::size_t> cut_in_steps(const Chunker& chunker, ByteView data, std::size_t step) {
  std::vector<std::size_t> lengths;
  while (!data.empty()) {
    std::size_t scanned = 0;
    std::size_t shown = 0;
    std::size_t cut = 0;
    while (cut == 0) {
      shown = std::min(shown + step, data.size());
      cut = chunker.next_cut(data.first(shown), shown == data.size(), scanned);
      EXPECT_TRUE(cut != 0 || shown < std::min(data.size(), kMaxChunk));
    }
    lengths.push_back(cut);
    data = data.subspan(cut);
  }
  return lengths;
}

/// The rule as the format states it, one window after another.
class Reference {
 public:
  explicit Reference(std::uint64_t p) : p_(p) {
    std::uint64_t oldest = 1;  // x^(8 * 63)
    for (int i = 0; i < 8 * 63; ++i) oldest = gf2::mul_mod(oldest, 2, p);
    for (std::uint64_t b = 0; b < 256; ++b) leaving_.push_back(gf2::mul_mod(oldest, b, p));
  }

  [[nodiscard]] std::uint64_t fingerprint(ByteView window) const {
    std::uint64_t f = 0;
    for (const std::byte b : window) f = push(f, b);
    return f;
  }

  [[nodiscard]] std::size_t first_cut(ByteView data) const {
    if (data.size() < kMinChunk) return data.size();
    std::uint64_t f = fingerprint(data.subspan(kMinChunk - 64, 64));
    for (std::size_t end = kMinChunk;; ++end) {
      if ((f & 0xfffffU) == 0 || end == kMaxChunk || end == data.size()) return end;
      f = push(f ^ leaving_[std::to_integer<std::size_t>(data[end - 64])], data[end]);
    }
  }

 private:
  [[nodiscard]] std::uint64_t push(std::uint64_t f, std::byte b) const {
    return gf2::mod((f << 8U) | std::to_integer<std::uint64_t>(b), p_);
  }

  std::uint64_t p_;
  std::vector<std::uint64_t> leaving_;
};

/// 64 bytes after which a cut falls: `window`, with its last bytes changed to suit.
void make_cut(const Reference& reference, MutableByteView window) {
  // The last 20 bits enter the fingerprint unchanged.
  const std::uint64_t f = reference.fingerprint(window);
  window[63] ^= static_cast<std::byte>(f & 0xffU);
  window[62] ^= static_cast<std::byte>(f >> 8U & 0xffU);
  window[61] ^= static_cast<std::byte>(f >> 16U & 0x0fU);
  ASSERT_EQ(reference.fingerprint(window) & 0xfffffU, 0U);
}

struct Vectors {
  nlohmann::json json = test::chunker_vectors();
  std::map<std::string, Buffer> streams;
};

const Vectors& vectors() {
  static const Vectors made = [] {
    Vectors v;
    for (const auto& stream : v.json["streams"].items()) {
      v.streams[stream.key()] = make_stream(stream.value());
    }
    return v;
  }();
  return made;
}

ByteView stream_of(const nlohmann::json& result) {
  return vectors().streams.at(result["stream"]).view();
}

TEST(ChunkerVectors, StreamsAreGeneratedRight) {
  for (const auto& stream : vectors().json["streams"].items()) {
    EXPECT_EQ(sha256(vectors().streams.at(stream.key()).view()).hex(), stream.value()["sha256"]);
  }
}

/// With the processor's vector instructions where it has them, and without.
class ChunkerWith : public testing::TestWithParam<bool> {
 protected:
  static Chunker chunker(std::uint64_t polynomial = kBits) {
    return Chunker(*Polynomial::from_bits(polynomial), GetParam());
  }
};

INSTANTIATE_TEST_SUITE_P(Instructions, ChunkerWith, testing::Bool(),
                         [](const auto& param) { return param.param ? "Vector" : "Plain"; });

TEST_P(ChunkerWith, CutsWhereResticCuts) {
  for (const auto& result : vectors().json["results"]) {
    const Chunker chunker(*Polynomial::parse(result["polynomial"].get<std::string>()), GetParam());
    EXPECT_EQ(cut_whole(chunker, stream_of(result)),
              result["lengths"].get<std::vector<std::size_t>>())
        << result["polynomial"] << " " << result["stream"];
  }
}

TEST_P(ChunkerWith, CutsAlikeHoweverTheDataArrives) {
  const std::size_t steps[] = {100'003, 1 << 20, 3 << 20};
  std::size_t next = 0;
  for (const auto& result : vectors().json["results"]) {
    const Chunker chunker(*Polynomial::parse(result["polynomial"].get<std::string>()), GetParam());
    EXPECT_EQ(cut_in_steps(chunker, stream_of(result), steps[next++ % 3]),
              result["lengths"].get<std::vector<std::size_t>>());
  }
}

TEST(ChunkerVectors, TheReferenceOfTheseTestsIsRight) {
  for (const auto& check : vectors().json["self_check"]) {
    const Reference reference(std::stoull(check["polynomial"].get<std::string>(), nullptr, 16));
    Buffer window(64);
    for (std::size_t i = 0; i < 64; ++i) window.data()[i] = static_cast<std::byte>(i);
    EXPECT_EQ(reference.fingerprint(window.view()),
              std::stoull(check["fingerprint_bytes_0_to_63"].get<std::string>(), nullptr, 16));
  }
}

TEST_P(ChunkerWith, DecidesNothingTooEarly) {
  const Chunker chunker = this->chunker();
  std::size_t scanned = 0;
  EXPECT_EQ(chunker.next_cut({}, true, scanned), 0U);
  EXPECT_EQ(chunker.next_cut({}, false, scanned), 0U);
  const Buffer data = random_segment(1, kMinChunk);
  EXPECT_EQ(chunker.next_cut(data.view().first(1), false, scanned), 0U);
  EXPECT_EQ(chunker.next_cut(data.view().first(1), true, scanned), 1U);
  EXPECT_EQ(chunker.next_cut(data.view().first(kMinChunk - 1), false, scanned), 0U);
  EXPECT_EQ(chunker.next_cut(data.view(), false, scanned), 0U);
  EXPECT_EQ(scanned, kMinChunk);
  EXPECT_EQ(chunker.next_cut(data.view(), true, scanned), kMinChunk);
}

TEST_P(ChunkerWith, CutsZerosAtTheMinimumAndOtherConstantsAtTheMaximum) {
  const Chunker chunker = this->chunker();
  Buffer data(kMaxChunk + 1000);
  for (const std::byte b : {std::byte{0}, std::byte{1}, std::byte{0xff}}) {
    std::fill_n(data.data(), data.size(), b);
    std::size_t scanned = 0;
    EXPECT_EQ(chunker.next_cut(data.view(), false, scanned),
              b == std::byte{0} ? kMinChunk : kMaxChunk);
  }
}

TEST_P(ChunkerWith, FollowsTheRuleAfterLongConstantRuns) {
  const Chunker chunker = this->chunker();
  const Reference reference(kBits);
  Buffer data = random_segment(9, 3 << 20);
  std::fill_n(data.data() + 300'000, (1 << 20) + 17, std::byte{0xa5});
  for (std::size_t start = 0; start < 64; start += 21) {
    const ByteView rest = data.view().subspan(start);
    std::size_t scanned = 0;
    ASSERT_EQ(chunker.next_cut(rest, true, scanned), reference.first_cut(rest)) << start;
  }
}

TEST_P(ChunkerWith, FindsACutAtEveryPlace) {
  std::vector<std::uint64_t> polynomials = {kBits};
  for (const auto& result : vectors().json["results"]) {
    polynomials.push_back(std::stoull(result["polynomial"].get<std::string>(), nullptr, 16));
  }
  const Buffer original = random_segment(10, kMinChunk + 150'000);
  const std::size_t spans[] = {200, 2'000, 60'000, 140'000};
  std::mt19937 random(1);
  for (std::size_t i = 0; i < 400; ++i) {
    const std::uint64_t polynomial = polynomials[i % polynomials.size()];
    const Chunker chunker = this->chunker(polynomial);
    const Reference reference(polynomial);
    // Not always on the same alignment.
    Buffer data(original.view().subspan(random() % 64));
    // One to three cuts, so that a later one is often found first by another lane.
    const std::size_t count = 1 + random() % 3;
    for (std::size_t k = 0; k < count; ++k) {
      const std::size_t end = kMinChunk + random() % spans[i % 4];
      make_cut(reference, data.writable().subspan(end - 64, 64));
    }
    const std::size_t expected = reference.first_cut(data.view());
    std::size_t scanned = 0;
    ASSERT_EQ(chunker.next_cut(data.view(), true, scanned), expected);
    scanned = 0;
    ASSERT_EQ(chunker.next_cut(data.view().first(expected - 1), false, scanned), 0U);
    scanned = 0;
    ASSERT_EQ(chunker.next_cut(data.view().first(expected), false, scanned), expected);
    const std::size_t step = 1000 + random() % (i % 2 == 0 ? 30'000 : 300'000);
    ASSERT_EQ(cut_in_steps(chunker, data.view(), step).front(), expected);
  }
}

TEST_P(ChunkerWith, ScansNothingTwice) {
  const Chunker chunker = this->chunker();
  const Reference reference(kBits);
  Buffer data = random_segment(10, kMinChunk + 1000);
  std::size_t scanned = 0;
  ASSERT_EQ(chunker.next_cut(data.view().first(kMinChunk + 500), false, scanned), 0U);
  ASSERT_EQ(scanned, kMinChunk + 500);
  // A cut made behind its back goes unnoticed, one right after the scanned bytes does not.
  make_cut(reference, data.writable().subspan(kMinChunk + 100, 64));
  EXPECT_EQ(chunker.next_cut(data.view(), false, scanned), 0U);
  scanned = kMinChunk + 500;
  make_cut(reference, data.writable().subspan(kMinChunk + 501 - 64, 64));
  EXPECT_EQ(chunker.next_cut(data.view(), false, scanned), kMinChunk + 501);
}

}  // namespace
}  // namespace medsave
