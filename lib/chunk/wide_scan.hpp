#pragma once

#include "medsave/chunk/polynomial.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace medsave {

/// Finds cuts with the vector instructions of newer x86 processors: 64 windows are rolled side by
/// side, with no table to look anything up in. A byte that enters, leaves or overflows changes the
/// fingerprint by a linear map over GF(2), of which GF2P8AFFINEQB computes eight bits for each of
/// 64 bytes.
class WideScan {
 public:
  static constexpr std::size_t kLanes = 64;
  static constexpr std::size_t kStride = 1024;  // bytes that a lane rolls over
  static constexpr std::size_t kBlock = kLanes * kStride;

  /// Whether this processor has AVX-512 (F and BW) and GFNI. Without them nothing else here may be
  /// called.
  static bool supported();
  explicit WideScan(const Polynomial& polynomial);

  /// How many of the kBlock bytes at `p` there are up to and including the first cut, 0 when there
  /// is none. Reads the 64 bytes before `p` too.
  [[nodiscard]] std::size_t first_cut(const std::byte* p) const;

 private:
  static constexpr std::size_t kPlanes = 7;  // bytes of a fingerprint
  /// 8 x 8 bits, as GF2P8AFFINEQB takes them: what a byte adds to one byte of the fingerprint.
  using Matrix = std::uint64_t;

  std::array<Matrix, kPlanes> overflow_ = {};  // of the byte shifted out at the top
  std::array<Matrix, kPlanes> leaving_ = {};   // of the byte that leaves the window
  std::array<Matrix, 2> entering_ = {};        // of the byte that enters; it reaches two bytes

  struct Registers;
};

}  // namespace medsave
