#pragma once

#include <cstddef>

/// The rule for cutting files into chunks, medsave-repository(5), "CHUNKS"; the minimum and maximum
/// size are in chunker.hpp.
namespace medsave {

constexpr std::size_t kWindow = 64;  // bytes that a fingerprint depends on
constexpr unsigned kCutZeros = 20;   // low bits that are zero where a cut is

}  // namespace medsave
