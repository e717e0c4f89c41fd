#include "wide_scan.hpp"

#include "gf2.hpp"
#include "rule.hpp"

#include <algorithm>

#if defined(__x86_64__)

// g++ 12 warns of variables that its own intrinsics leave undefined (GCC bug 105593).
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#include <immintrin.h>
#pragma GCC diagnostic pop

namespace medsave {
namespace {

#define MEDSAVE_WIDE_CODE __attribute__((target("avx512f,avx512bw,gfni")))

constexpr std::size_t kRow = 64;  // bytes of a register
// The 53 bits of a fingerprint are the upper ones of 56, so that what overflows is a byte.
constexpr unsigned kShift = 56 - Polynomial::kDegree;

/// Multiplication by `factor` modulo `p`, as far as it determines byte `plane` of the result.
std::uint64_t matrix_of(std::uint64_t factor, std::uint64_t p, std::size_t plane) {
  std::uint64_t matrix = 0;
  for (unsigned in = 0; in < 8; ++in) {
    const std::uint64_t product = gf2::mul_mod(factor, 1U << in, p) << kShift;
    for (unsigned out = 0; out < 8; ++out) {
      const std::uint64_t bit = product >> (8 * plane + out) & 1U;
      matrix |= bit << (8 * (7 - out) + in);  // rows stand in reverse order
    }
  }
  return matrix;
}

MEDSAVE_WIDE_CODE inline __m512i times(__m512i bytes, __m512i matrix) {
  return _mm512_gf2p8affine_epi64_epi8(bytes, matrix, 0);
}

MEDSAVE_WIDE_CODE inline __m512i sum(__m512i a, __m512i b, __m512i c) {
  return _mm512_ternarylogic_epi64(a, b, c, 0x96);
}

/// (a & b) | c
MEDSAVE_WIDE_CODE inline __m512i masked_or(__m512i a, __m512i b, __m512i c) {
  return _mm512_ternarylogic_epi64(a, b, c, 0xEA);
}

/// Interleaves the rows of 16: after four rounds each 16 bytes are a column.
MEDSAVE_WIDE_CODE inline void interleave(const __m512i* from, __m512i* to) {
#pragma GCC unroll 8
  for (std::size_t i = 0; i < 8; ++i) {
    to[2 * i] = _mm512_unpacklo_epi8(from[i], from[i + 8]);
    to[2 * i + 1] = _mm512_unpackhi_epi8(from[i], from[i + 8]);
  }
}

/// The bytes of all lanes at 64 successive positions: for each position a row of 64 bytes, one of
/// each lane.
struct alignas(kRow) Columns {
  std::byte at[kWindow][kRow];
};

MEDSAVE_WIDE_CODE inline void store(std::byte* to, __m128i bytes) {
  _mm_store_si128(reinterpret_cast<__m128i*>(to), bytes);
}

/// `p`: the first of the 64 places in the first lane.
MEDSAVE_WIDE_CODE void load_columns(const std::byte* p, Columns& columns) {
  constexpr std::size_t kGroup = 16;  // lanes whose bytes make up a quarter of each row
  for (std::size_t group = 0; group < kRow; group += kGroup) {
    __m512i a[kGroup];
    __m512i b[kGroup];
#pragma GCC unroll 16
    for (std::size_t lane = 0; lane < kGroup; ++lane) {
      a[lane] = _mm512_loadu_si512(p + (group + lane) * WideScan::kStride);
    }
    interleave(a, b);
    interleave(b, a);
    interleave(a, b);
    interleave(b, a);
#pragma GCC unroll 16
    for (std::size_t i = 0; i < kGroup; ++i) {
      store(columns.at[i] + group, _mm512_castsi512_si128(a[i]));
      store(columns.at[kGroup + i] + group, _mm512_extracti32x4_epi32(a[i], 1));
      store(columns.at[2 * kGroup + i] + group, _mm512_extracti32x4_epi32(a[i], 2));
      store(columns.at[3 * kGroup + i] + group, _mm512_extracti32x4_epi32(a[i], 3));
    }
  }
}

}  // namespace

bool WideScan::supported() {
  static const bool kSupported = __builtin_cpu_supports("avx512f") != 0 &&
                                 __builtin_cpu_supports("avx512bw") != 0 &&
                                 __builtin_cpu_supports("gfni") != 0;
  return kSupported;
}

WideScan::WideScan(const Polynomial& polynomial) {
  const std::uint64_t p = polynomial.bits();
  const std::uint64_t overflow = gf2::power_of_x(Polynomial::kDegree, p);
  const std::uint64_t leaving = gf2::power_of_x(8 * kWindow, p);
  for (std::size_t plane = 0; plane < kPlanes; ++plane) {
    overflow_[plane] = matrix_of(overflow, p, plane);
    leaving_[plane] = matrix_of(leaving, p, plane);
  }
  for (std::size_t plane = 0; plane < entering_.size(); ++plane) {
    entering_[plane] = matrix_of(1, p, plane);
  }
}

/// The fingerprints of all lanes, lowest bytes first, and the matrices that roll them.
struct WideScan::Registers {
  __m512i plane[kPlanes];
  __m512i overflow[kPlanes];
  __m512i leaving[kPlanes];
  __m512i entering[2];

  MEDSAVE_WIDE_CODE inline explicit Registers(const WideScan& scan) {
#pragma GCC unroll 7
    for (std::size_t i = 0; i < kPlanes; ++i) {
      plane[i] = _mm512_setzero_si512();
      overflow[i] = broadcast(scan.overflow_[i]);
      leaving[i] = broadcast(scan.leaving_[i]);
    }
    entering[0] = broadcast(scan.entering_[0]);
    entering[1] = broadcast(scan.entering_[1]);
  }

  MEDSAVE_WIDE_CODE static inline __m512i broadcast(Matrix matrix) {
    return _mm512_set1_epi64(static_cast<long long>(matrix));
  }

  /// Moves all windows on by one byte: shifts each fingerprint by eight bits.
  MEDSAVE_WIDE_CODE inline void roll(__m512i in, __m512i out) {
    const __m512i top = plane[kPlanes - 1];
#pragma GCC unroll 6
    for (std::size_t i = kPlanes - 1; i > 0; --i) {
      plane[i] = sum(plane[i - 1], times(top, overflow[i]), times(out, leaving[i]));
    }
    plane[1] = _mm512_xor_si512(plane[1], times(in, entering[1]));
    plane[0] = sum(times(top, overflow[0]), times(out, leaving[0]), times(in, entering[0]));
  }

  /// The lanes whose fingerprint is that of a cut, as bits, the first lane lowest.
  [[nodiscard]] MEDSAVE_WIDE_CODE inline std::uint64_t cuts() const {
    const __m512i lowest = _mm512_set1_epi8(static_cast<char>(0xFF << kShift));
    const __m512i highest = _mm512_set1_epi8((1 << (kCutZeros + kShift - 16)) - 1);
    const __m512i bits = masked_or(plane[2], highest, masked_or(plane[0], lowest, plane[1]));
    return _mm512_testn_epi8_mask(bits, bits);
  }
};

MEDSAVE_WIDE_CODE std::size_t WideScan::first_cut(const std::byte* p) const {
  Registers lanes(*this);
  Columns columns[2];  // the present positions and the 64 before, whose bytes leave the windows
  load_columns(p - kWindow, columns[1]);
  for (const auto& place : columns[1].at) {
    lanes.roll(_mm512_load_si512(place), _mm512_setzero_si512());
  }
  std::size_t first = kBlock + 1;
  for (std::size_t done = 0; done < kStride; done += kWindow) {
    const std::size_t now = done / kWindow % 2;
    load_columns(p + done, columns[now]);
    for (std::size_t i = 0; i < kWindow; ++i) {
      lanes.roll(_mm512_load_si512(columns[now].at[i]), _mm512_load_si512(columns[1 - now].at[i]));
      const std::uint64_t cuts = lanes.cuts();
      if (cuts != 0) [[unlikely]] {  // an earlier lane may have a cut further on
        const auto lane = static_cast<std::size_t>(__builtin_ctzll(cuts));
        first = std::min(first, lane * kStride + done + i + 1);
      }
    }
  }
  return first > kBlock ? 0 : first;
}

}  // namespace medsave

#else

namespace medsave {

bool WideScan::supported() { return false; }

WideScan::WideScan(const Polynomial& /*polynomial*/) {}

std::size_t WideScan::first_cut(const std::byte* /*p*/) const { return 0; }

}  // namespace medsave

#endif
