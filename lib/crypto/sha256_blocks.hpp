#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace medsave {

/// The size of a block that SHA-256 hashes at a time.
constexpr std::size_t kSha256Block = 64;  // bytes

/// One of two messages whose blocks are hashed at the same time.
struct Sha256Lane {
  std::uint32_t* state = nullptr;     // H0 to H7
  const std::byte* blocks = nullptr;  // at least as many as the call hashes
};

/// Whether the processor has what hash_blocks() needs.
bool have_sha256_instructions();

/// The hash computation of FIPS 180-4, section 6.2.2, over `count` blocks of each of one or two
/// lanes, with the x86 SHA extensions; their instructions for the lanes take turns.
void hash_blocks(std::span<const Sha256Lane> lanes, std::size_t count);

}  // namespace medsave
