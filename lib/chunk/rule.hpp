#pragma once

#include <cstddef>

/// Where the repository format cuts, apart from the polynomial and the bounds of a chunk.
namespace medsave {

constexpr std::size_t kWindow = 64;  // bytes that a fingerprint depends on
constexpr unsigned kCutZeros = 20;   // low bits that are zero where a cut is

}  // namespace medsave
