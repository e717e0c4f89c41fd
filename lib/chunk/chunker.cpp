#include "medsave/chunk/chunker.hpp"

#include "gf2.hpp"
#include "rule.hpp"
#include "wide_scan.hpp"

#include <algorithm>
#include <cstring>

// The fingerprint at a position depends only on the 64 bytes before it. So the region to search is
// divided into blocks, and each block into lanes, whose windows are rolled side by side: a single
// lane would wait for each table look-up, while several use the waiting times of the others. If the
// processor has suitable vector instructions, WideScan searches the blocks instead, without tables.
namespace medsave {
namespace {

constexpr std::uint64_t kCutMask = (1U << kCutZeros) - 1;
constexpr unsigned kIndexShift = Polynomial::kDegree - 8;

using Table = std::array<std::uint64_t, 256>;

std::size_t value(std::byte b) { return std::to_integer<std::size_t>(b); }
bool is_cut(std::uint64_t fingerprint) { return (fingerprint & kCutMask) == 0; }

/// Whether all of the `count` bytes at `p`, and of the window before them, are equal: then the
/// fingerprint does not change. For other data the comparison ends at once.
bool is_constant(const std::byte* p, std::size_t count) {
  return std::memcmp(p - kWindow, p - kWindow + 1, count + kWindow - 1) == 0;
}

struct Roller {
  const Table& out;
  const Table& mod;

  /// Appends one byte to the window.
  [[nodiscard]] std::uint64_t push(std::uint64_t f, std::byte in) const {
    return ((f << 8U) | value(in)) ^ mod[f >> kIndexShift];
  }
  /// Moves the window on by one byte; `p` is the one that enters it. The leaving byte is removed
  /// after the shift, so that its look-up is not part of the chain of dependent instructions.
  [[nodiscard]] std::uint64_t roll(std::uint64_t f, const std::byte* p) const {
    return ((f << 8U) ^ (out[value(*(p - kWindow))] ^ value(*p))) ^ mod[f >> kIndexShift];
  }
  /// The fingerprint of the window that ends before `end`.
  [[nodiscard]] std::uint64_t fingerprint(const std::byte* end) const {
    std::uint64_t f = 0;
    for (const std::byte* p = end - kWindow; p != end; ++p) f = push(f, *p);
    return f;
  }

  /// Rolls over `count` bytes at `p`, starting with the fingerprint before them. Returns how many
  /// were passed up to and including the first cut, 0 when there is none.
  std::size_t scan(const std::byte* p, std::size_t count, std::uint64_t& f) const {
    for (std::size_t i = 0; i < count; ++i) {
      f = roll(f, p + i);
      if (is_cut(f)) return i + 1;
    }
    return 0;
  }

  /// scan() over kLanes * kStride bytes.
  template <std::size_t kLanes, std::size_t kStride>
  std::size_t scan_lanes(const std::byte* p, std::uint64_t& first) const {
    std::array<std::uint64_t, kLanes> f = {};
    for (std::size_t i = 0; i < kWindow; ++i) {
#pragma GCC unroll 8
      for (std::size_t k = 1; k < kLanes; ++k) {
        f[k] = push(f[k], p[k * kStride - kWindow + i]);
      }
    }
    f[0] = first;
    for (std::size_t i = 0; i < kStride; ++i) {
#pragma GCC unroll 8
      for (std::size_t k = 0; k < kLanes; ++k) {
        f[k] = roll(f[k], p + k * kStride + i);
        if (is_cut(f[k])) return first_of(p, i + 1, k, f, kStride);
      }
    }
    first = f[kLanes - 1];
    return 0;
  }

  /// Lane `hit` has a cut after `done` of its bytes, no lane before it has one so far: the first
  /// cut of all is that one, unless the rest of an earlier lane holds another.
  template <std::size_t kLanes>
  std::size_t first_of(const std::byte* p, std::size_t done, std::size_t hit,
                       std::array<std::uint64_t, kLanes>& f, std::size_t stride) const {
    for (std::size_t k = 0; k < hit; ++k) {
      const std::size_t more = scan(p + k * stride + done, stride - done, f[k]);
      if (more != 0) return k * stride + done + more;
    }
    return hit * stride + done;
  }

  /// scan() over any number of bytes.
  std::size_t scan_region(const std::byte* p, std::size_t count, std::uint64_t f) const {
    constexpr std::size_t kLanes = 5;
    constexpr std::size_t kStride = 4096 + 64;
    constexpr std::size_t kBlock = kLanes * kStride;
    std::size_t done = 0;
    for (; count - done >= kBlock; done += kBlock) {
      const std::byte* block = p + done;
      if (is_constant(block, kBlock)) continue;
      const std::size_t cut = scan_lanes<kLanes, kStride>(block, f);
      if (cut != 0) return done + cut;
    }
    const std::size_t cut = scan(p + done, count - done, f);
    return cut == 0 ? 0 : done + cut;
  }
};

}  // namespace

Chunker::Chunker(const Polynomial& polynomial, bool vector_instructions) : out_(), mod_() {
  if (vector_instructions && WideScan::supported()) {
    wide_ = std::make_shared<const WideScan>(polynomial);
  }
  const std::uint64_t p = polynomial.bits();
  const std::uint64_t leaving =
      gf2::power_of_x(8 * kWindow, p);  // of a byte just out of the window
  for (std::uint64_t b = 0; b < 256; ++b) {
    out_[b] = gf2::mul_mod(leaving, b, p);
    const std::uint64_t shifted = b << static_cast<unsigned>(Polynomial::kDegree);
    mod_[b] = gf2::mod(shifted, p) ^ shifted;  // clears the high bits and adds their remainder
  }
}

/// How many of the `count` bytes at `p` there are before the first cut: 0 where it is at `p`.
std::optional<std::size_t> Chunker::find_cut(const std::byte* p, std::size_t count) const {
  const Roller roller{out_, mod_};
  const auto after = [](std::size_t before, std::size_t cut) {
    return cut == 0 ? std::nullopt : std::optional(before + cut);
  };
  std::uint64_t f = roller.fingerprint(p);
  if (is_cut(f)) return 0;  // in a run of zeros every chunk ends here
  std::size_t done = 0;
  if (wide_ != nullptr && count >= WideScan::kBlock) {
    for (; count - done >= WideScan::kBlock; done += WideScan::kBlock) {
      if (is_constant(p + done, WideScan::kBlock)) continue;
      const std::size_t cut = wide_->first_cut(p + done);
      if (cut != 0) return after(done, cut);
    }
    // A remainder that is not small is searched together with bytes before it, which contain no
    // cut.
    if (count - done >= WideScan::kBlock / 8) {
      const std::size_t last = count - WideScan::kBlock;
      return after(last, wide_->first_cut(p + last));
    }
    f = roller.fingerprint(p + done);
  }
  return after(done, roller.scan_region(p + done, count - done, f));
}

std::size_t Chunker::next_cut(ByteView data, bool at_end, std::size_t& scanned) const {
  const std::size_t limit = std::min(data.size(), kMaxChunk);
  const std::size_t start = std::max(kMinChunk, scanned + 1);  // the first end to test
  if (start <= limit) {
    const std::optional<std::size_t> cut = find_cut(data.data() + start, limit - start);
    if (cut) return start + *cut;
    scanned = limit;
  }
  if (limit == kMaxChunk || at_end) return limit;
  return 0;
}

}  // namespace medsave
