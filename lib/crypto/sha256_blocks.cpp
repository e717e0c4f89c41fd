#include "sha256_blocks.hpp"

#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>

namespace medsave {
namespace {

// FIPS 180-4, 4.2.2.
alignas(16) constexpr std::uint32_t kRoundConstants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

constexpr unsigned kRoundsAtOnce = 4;  // as many words as a register holds

// Compiled to AVX encodings. Those of SSE keep the upper halves of registers: after code that has
// set these, each instruction would depend on the one before, and the lanes on each other.
#define MEDSAVE_SHA_CODE __attribute__((target("sha,avx")))

/// The working variables as sha256rnds2 wants them: A, B, E, F and C, D, G, H, highest first.
struct Working {
  __m128i abef;
  __m128i cdgh;
};

MEDSAVE_SHA_CODE Working load_state(const std::uint32_t* state) {
  const __m128i dcba = _mm_loadu_si128(reinterpret_cast<const __m128i*>(state));
  const __m128i hgfe = _mm_loadu_si128(reinterpret_cast<const __m128i*>(state + 4));
  const __m128i cdab = _mm_shuffle_epi32(dcba, 0xB1);
  const __m128i efgh = _mm_shuffle_epi32(hgfe, 0x1B);
  return {.abef = _mm_alignr_epi8(cdab, efgh, 8), .cdgh = _mm_blend_epi16(efgh, cdab, 0xF0)};
}

MEDSAVE_SHA_CODE void store_state(const Working& working, std::uint32_t* state) {
  const __m128i feba = _mm_shuffle_epi32(working.abef, 0x1B);
  const __m128i dchg = _mm_shuffle_epi32(working.cdgh, 0xB1);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(state), _mm_blend_epi16(feba, dchg, 0xF0));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(state + 4), _mm_alignr_epi8(dchg, feba, 8));
}

/// Four words of a block, which stores them with the highest byte first.
MEDSAVE_SHA_CODE __m128i load_words(const std::byte* from) {
  const __m128i order = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
  return _mm_shuffle_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)), order);
}

/// The next four words of the message schedule after w[0] to w[3], four words each.
MEDSAVE_SHA_CODE __m128i next_words(const __m128i& w0, const __m128i& w1, const __m128i& w2,
                                    const __m128i& w3) {
  const __m128i sum = _mm_add_epi32(_mm_sha256msg1_epu32(w0, w1), _mm_alignr_epi8(w3, w2, 4));
  return _mm_sha256msg2_epu32(sum, w3);
}

MEDSAVE_SHA_CODE void four_rounds(Working& working, const __m128i& words_and_constants) {
  working.cdgh = _mm_sha256rnds2_epu32(working.cdgh, working.abef, words_and_constants);
  working.abef = _mm_sha256rnds2_epu32(working.abef, working.cdgh,
                                       _mm_shuffle_epi32(words_and_constants, 0x0E));
}

/// Everything is unrolled, so that all of it stays in registers.
template <unsigned lane_count>
MEDSAVE_SHA_CODE void hash_blocks_of(const Sha256Lane* lanes, std::size_t count) {
  Working now[lane_count];
  for (unsigned lane = 0; lane < lane_count; ++lane) now[lane] = load_state(lanes[lane].state);
  for (std::size_t block = 0; block < count; ++block) {
    Working before[lane_count];
    __m128i words[lane_count][4];
    for (unsigned lane = 0; lane < lane_count; ++lane) before[lane] = now[lane];
#pragma GCC unroll 16
    for (unsigned step = 0; step < 64 / kRoundsAtOnce; ++step) {
      const __m128i constants = _mm_load_si128(
          reinterpret_cast<const __m128i*>(kRoundConstants + std::size_t{kRoundsAtOnce} * step));
#pragma GCC unroll 2
      for (unsigned lane = 0; lane < lane_count; ++lane) {
        __m128i* const w = words[lane];
        w[step % 4] =
            step < 4
                ? load_words(lanes[lane].blocks + block * kSha256Block + std::size_t{16} * step)
                : next_words(w[step % 4], w[(step + 1) % 4], w[(step + 2) % 4], w[(step + 3) % 4]);
        four_rounds(now[lane], _mm_add_epi32(w[step % 4], constants));
      }
    }
    for (unsigned lane = 0; lane < lane_count; ++lane) {
      now[lane].abef = _mm_add_epi32(now[lane].abef, before[lane].abef);
      now[lane].cdgh = _mm_add_epi32(now[lane].cdgh, before[lane].cdgh);
    }
  }
  for (unsigned lane = 0; lane < lane_count; ++lane) store_state(now[lane], lanes[lane].state);
}

#undef MEDSAVE_SHA_CODE

bool ask_processor() {
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
  unsigned d = 0;
  constexpr unsigned kShaInB = 1U << 29U;
  return __builtin_cpu_supports("avx") != 0 && __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 &&
         (b & kShaInB) != 0;
}

}  // namespace

bool have_sha256_instructions() {
  static const bool kHave = ask_processor();
  return kHave;
}

void hash_blocks(std::span<const Sha256Lane> lanes, std::size_t count) {
  if (lanes.size() == 1) hash_blocks_of<1>(lanes.data(), count);
  if (lanes.size() == 2) hash_blocks_of<2>(lanes.data(), count);
}

}  // namespace medsave

#else

namespace medsave {

bool have_sha256_instructions() { return false; }

void hash_blocks(std::span<const Sha256Lane> /*lanes*/, std::size_t /*count*/) {}

}  // namespace medsave

#endif
