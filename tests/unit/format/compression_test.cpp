#include "medsave/format/compression.hpp"

#include "fixtures.hpp"
#include "random_node.hpp"
#include "support/matchers.hpp"

#include "medsave/format/unpacked.hpp"

#include <gtest/gtest.h>

#include <zstd.h>

namespace medsave::test {
namespace {

constexpr CompressionLevel kAllLevels[] = {CompressionLevel::automatic, CompressionLevel::off,
                                           CompressionLevel::fastest, CompressionLevel::better,
                                           CompressionLevel::max};

std::string text_of(std::size_t size) {
  std::string out;
  for (std::size_t i = 0; out.size() < size; ++i) {
    out += "Befund " + std::to_string(i * i % 977) + ": unauffaellig. ";
  }
  out.resize(size);
  return out;
}

std::string noise_of(std::size_t size) {
  Generator random(12);
  std::string out(size, '\0');
  for (char& c : out) c = static_cast<char>(random() >> 40U);
  return out;
}

std::string content(const Buffer& buffer) { return std::string(as_text(buffer.view())); }

TEST(CompressionLevelName, IsParsed) {
  EXPECT_EQ(parse_compression_level("auto"), CompressionLevel::automatic);
  EXPECT_EQ(parse_compression_level("off"), CompressionLevel::off);
  EXPECT_EQ(parse_compression_level("fastest"), CompressionLevel::fastest);
  EXPECT_EQ(parse_compression_level("better"), CompressionLevel::better);
  EXPECT_EQ(parse_compression_level("max"), CompressionLevel::max);
  EXPECT_EQ(parse_compression_level("Auto"), std::nullopt);
  EXPECT_EQ(parse_compression_level(""), std::nullopt);
}

TEST(Compressor, AppendsOneFrameWithContentSize) {
  for (const CompressionLevel level : kAllLevels) {
    Compressor compressor(level);
    for (const std::size_t size : {1000U, 100'000U, 3'000'000U}) {
      const std::string plain = text_of(size);
      Buffer out(as_bytes("kept"));
      const bool smaller = compressor.compress(as_bytes(plain), out);
      EXPECT_EQ(smaller, level != CompressionLevel::off);
      EXPECT_EQ(content(out).substr(0, 4), "kept");
      if (!smaller) {
        EXPECT_EQ(out.size(), 4U);
        compressor.compress_always(as_bytes(plain), out);
      }
      const ByteView frame = out.view().subspan(4);
      EXPECT_LT(frame.size(), plain.size());
      EXPECT_EQ(ZSTD_getFrameContentSize(frame.data(), frame.size()), plain.size());
      EXPECT_EQ(ZSTD_findFrameCompressedSize(frame.data(), frame.size()), frame.size());
      Buffer again;
      Decompressor().decompress_exactly(frame, plain.size(), again);
      EXPECT_EQ(content(again), plain);
    }
  }
}

TEST(Compressor, LeavesDataAloneThatDoesNotShrink) {
  for (const CompressionLevel level : kAllLevels) {
    Compressor compressor(level);
    for (const std::size_t size : {0U, 1U, 2U, 5U, 700U, 300'000U, 1'500'000U}) {
      const std::string plain = noise_of(size);
      Buffer out(as_bytes("kept"));
      EXPECT_FALSE(compressor.compress(as_bytes(plain), out)) << size;
      EXPECT_EQ(content(out), "kept");
    }
  }
}

TEST(Compressor, FindsWhatOnlyEntropyCodingGains) {
  std::string digits = noise_of(1'000'000);
  for (char& c : digits) c = static_cast<char>('0' + (static_cast<unsigned char>(c) % 8));
  for (const CompressionLevel level : {CompressionLevel::better, CompressionLevel::max}) {
    Buffer out;
    EXPECT_TRUE(Compressor(level).compress(as_bytes(digits), out));
    EXPECT_LT(out.size(), digits.size() / 2);
  }
}

TEST(Compressor, LeavesDataAloneThatDoesNotGainWhatItMust) {
  std::string tenth = noise_of(1'000'000);
  for (char& c : tenth) c = static_cast<char>(static_cast<unsigned char>(c) % 144);
  std::string quarter = noise_of(1'000'000);
  for (char& c : quarter) c = static_cast<char>(static_cast<unsigned char>(c) % 64);
  for (const CompressionLevel level : {CompressionLevel::automatic, CompressionLevel::max}) {
    Compressor compressor(level);
    Buffer out;
    EXPECT_FALSE(compressor.compress(as_bytes(tenth), out, LeastGain::a_sixth));
    EXPECT_TRUE(out.empty());
    EXPECT_TRUE(compressor.compress(as_bytes(tenth), out, LeastGain::anything));
    EXPECT_TRUE(compressor.compress(as_bytes(quarter), out, LeastGain::a_sixth));
    EXPECT_TRUE(compressor.compress(as_bytes(text_of(1'000'000)), out, LeastGain::a_sixth));
    // Too short to be worth sampling.
    EXPECT_TRUE(compressor.compress(as_bytes(tenth).first(100'000), out, LeastGain::a_sixth));
  }
}

TEST(Compressor, CompressesWhatOnlyPartlyGains) {
  const std::string plain = noise_of(500'000) + text_of(500'000);
  Buffer out;
  EXPECT_TRUE(
      Compressor(CompressionLevel::automatic).compress(as_bytes(plain), out, LeastGain::a_sixth));
  EXPECT_LT(out.size(), 600'000U);
}

TEST(Compressor, AlwaysMakesAFrameWhenAskedTo) {
  Compressor compressor(CompressionLevel::off);
  for (const std::size_t size : {0U, 1U, 1000U, 200'000U}) {
    const std::string plain = noise_of(size);
    Buffer out;
    compressor.compress_always(as_bytes(plain), out);
    Buffer again(100);
    Decompressor().decompress_exactly(out.view(), size, again);
    EXPECT_EQ(content(again), plain);
    Decompressor().decompress_bounded(out.view(), size, again);
    EXPECT_EQ(content(again), plain);
  }
}

TEST(Compressor, CanBeMoved) {
  Compressor first(CompressionLevel::automatic);
  Compressor second(std::move(first));
  first = Compressor(CompressionLevel::max);
  Buffer out;
  EXPECT_TRUE(first.compress(as_bytes(text_of(500)), out));
  EXPECT_TRUE(second.compress(as_bytes(text_of(500)), out));
}

/// A frame without content size, with checksum and the given window.
std::string stream_frame(const std::string& plain, int window_log) {
  ZSTD_CCtx* const context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0);
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
  ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, window_log);
  std::string out(ZSTD_compressBound(plain.size()) + 100, '\0');
  ZSTD_inBuffer in = {plain.data(), plain.size(), 0};
  ZSTD_outBuffer to = {out.data(), out.size(), 0};
  EXPECT_EQ(ZSTD_compressStream2(context, &to, &in, ZSTD_e_end), 0U);
  ZSTD_freeCCtx(context);
  out.resize(to.pos);
  return out;
}

TEST(Decompressor, ReadsFramesOfOtherWriters) {
  const std::string plain = text_of(700'000);
  const std::string one = stream_frame(plain, 27);
  const std::string two =
      stream_frame(plain.substr(0, 300'000), 10) + stream_frame(plain.substr(300'000), 17);
  for (const std::string& frames : {one, two}) {
    Buffer out;
    Decompressor decompressor;
    decompressor.decompress_exactly(as_bytes(frames), plain.size(), out);
    EXPECT_EQ(content(out), plain);
    decompressor.decompress_bounded(as_bytes(frames), plain.size(), out);
    EXPECT_EQ(content(out), plain);
    decompressor.decompress_bounded(as_bytes(frames), 100 * plain.size(), out);
    EXPECT_EQ(content(out), plain);
  }
}

TEST(Decompressor, ReadsSmallFramesOfRestic) {
  std::size_t seen = 0;
  const auto recorded = load_json("crypto.json");
  for (const auto& vector : recorded["vectors"]) {
    if (!vector.contains("content")) continue;
    const std::string plain = from_hex_text(std::string(vector["content"]));
    const std::string stored = from_hex_text(std::string(vector["plaintext"]));
    if (plain == stored) continue;
    Buffer out;
    Decompressor().decompress_exactly(as_bytes(stored), plain.size(), out);
    EXPECT_EQ(content(out), plain);
    ++seen;
  }
  EXPECT_EQ(seen, 2U);
}

TEST(Decompressor, RejectsAnyOtherSize) {
  const std::string plain = text_of(100'000);
  Buffer frame;
  Compressor(CompressionLevel::automatic).compress_always(as_bytes(plain), frame);
  const std::string streamed = stream_frame(plain, 17);
  Decompressor decompressor;
  for (const ByteView frames : {frame.view(), as_bytes(streamed)}) {
    for (const std::size_t size : {0U, 1U, 99'999U, 100'001U, 4'000'000'000U}) {
      Buffer out;
      EXPECT_THAT([&] { decompressor.decompress_exactly(frames, size, out); },
                  throws_errc(Errc::corrupt));
      EXPECT_TRUE(out.empty());
      EXPECT_LT(out.capacity(), 1'000'000'000U);
    }
    for (const std::size_t limit : {0U, 1U, 99'999U}) {
      Buffer out;
      EXPECT_THAT([&] { decompressor.decompress_bounded(frames, limit, out); },
                  throws_errc(Errc::corrupt));
      EXPECT_LT(out.capacity(), 500'000U);
    }
  }
}

TEST(Decompressor, RefusesBombs) {
  std::string zeros;
  zeros.resize(50'000'000);
  const std::string bomb = stream_frame(zeros, 20);
  EXPECT_LT(bomb.size(), 10'000U);
  Buffer out;
  EXPECT_THAT([&] { Decompressor().decompress_bounded(as_bytes(bomb), 1'000'000, out); },
              throws_errc(Errc::corrupt));
  EXPECT_LE(out.capacity(), 2'000'100U);

  Decompressor().decompress_exactly(as_bytes(bomb), zeros.size(), out);  // not yet too much
  EXPECT_EQ(out.size(), zeros.size());
  zeros.resize(100'000'000);
  const std::string larger = stream_frame(zeros, 20);
  Buffer none;
  EXPECT_THAT([&] { Decompressor().decompress_exactly(as_bytes(larger), zeros.size(), none); },
              throws_errc(Errc::corrupt));
  EXPECT_EQ(none.capacity(), 0U);
}

TEST(Decompressor, RejectsTruncationsAndSurvivesMutations) {
  const std::string plain = text_of(3000);
  Buffer frame;
  Compressor(CompressionLevel::automatic).compress_always(as_bytes(plain), frame);
  Decompressor decompressor;
  Buffer out;
  for (std::size_t length = 0; length < frame.size(); ++length) {
    const std::string cut = content(frame).substr(0, length);
    EXPECT_THAT([&] { decompressor.decompress_exactly(as_bytes(cut), plain.size(), out); },
                throws_errc(Errc::corrupt));
    EXPECT_THAT([&] { decompressor.decompress_bounded(as_bytes(cut), 10'000, out); },
                throws_errc(Errc::corrupt));
  }
  Generator random(13);
  for (int i = 0; i < 5000; ++i) {
    std::string bad = content(frame);
    for (int k = 0; k < 3; ++k) bad[pick(random, bad.size())] = static_cast<char>(random());
    try {
      decompressor.decompress_bounded(as_bytes(bad), 10'000, out);
      decompressor.decompress_exactly(as_bytes(bad), plain.size(), out);
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Errc::corrupt);
    }
  }
  decompressor.decompress_exactly(frame.view(), plain.size(), out);  // none of it has stuck
  EXPECT_EQ(content(out), plain);
}

TEST(Unpacked, RecordedFilesDecode) {
  std::size_t seen = 0;
  const auto recorded = load_json("crypto.json");
  for (const auto& vector : recorded["vectors"]) {
    if (!vector.contains("json")) continue;
    ++seen;
    const std::string name = vector["name"];
    const std::uint32_t version = name.starts_with("v1") ? 1 : 2;
    const std::string plain = from_hex_text(std::string(vector["plaintext"]));
    Decompressor decompressor;
    EXPECT_EQ(content(decode_unpacked(as_bytes(plain), version, decompressor, 1 << 20)),
              vector["json"]);
  }
  EXPECT_EQ(seen, 5U);
}

TEST(Unpacked, RoundTripsInBothVersions) {
  Compressor compressor(CompressionLevel::off);
  Decompressor decompressor;
  const std::string json = R"({"a":[1,2,3]})";
  EXPECT_EQ(content(encode_unpacked(json, 1, compressor)), json);
  const Buffer v2 = encode_unpacked(json, 2, compressor);
  EXPECT_EQ(v2.view().front(), std::byte{2});
  EXPECT_EQ(content(decode_unpacked(v2.view(), 2, decompressor, json.size())), json);
  EXPECT_EQ(content(decode_unpacked(as_bytes(json), 2, decompressor, json.size())), json);
  EXPECT_EQ(content(decode_unpacked(as_bytes("[]"), 1, decompressor, 10)), "[]");
  EXPECT_TRUE(decode_unpacked({}, 2, decompressor, 10).empty());
}

TEST(Unpacked, RejectsOtherFirstBytesAndTooMuch) {
  Compressor compressor(CompressionLevel::automatic);
  Decompressor decompressor;
  const Buffer v2 = encode_unpacked("{}", 2, compressor);
  EXPECT_THAT([&] { decode_unpacked(v2.view(), 1, decompressor, 100); },
              throws_errc(Errc::corrupt));
  for (const char* bad : {"x", "\x01{}", "\x02", "\x02{}", " {}"}) {
    EXPECT_THAT([&] { decode_unpacked(as_bytes(bad), 2, decompressor, 100); },
                throws_errc(Errc::corrupt));
  }
  EXPECT_THAT([&] { decode_unpacked(as_bytes("[1]"), 2, decompressor, 2); },
              throws_errc(Errc::corrupt));
}

}  // namespace
}  // namespace medsave::test
