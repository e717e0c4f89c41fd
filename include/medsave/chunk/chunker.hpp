#pragma once

#include "medsave/base/bytes.hpp"
#include "medsave/chunk/polynomial.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

namespace medsave {

class WideScan;

inline constexpr std::size_t kMinChunk = std::size_t{512} * 1024;
inline constexpr std::size_t kMaxChunk = std::size_t{8} * 1024 * 1024;

/// Finds content-defined cut points: Rabin fingerprint of the last 64 bytes modulo the
/// polynomial; a cut where its low 20 bits are zero, between kMinChunk and kMaxChunk.
/// Immutable after construction (two 2 KiB tables), hence shared by all threads; copies share what
/// they hold. No I/O.
/// Source: Rabin, "Fingerprinting by random polynomials" (1981); restic's chunker.
class Chunker {
 public:
  /// `vector_instructions`: use those that the processor has. The cuts are the same.
  explicit Chunker(const Polynomial& polynomial, bool vector_instructions = true);

  /// Length of the first chunk of `data`, which begins at a chunk start.
  /// `at_end` says that `data` reaches the end of the file. Returns 0 when more data is needed
  /// to decide (never when at_end or data.size() >= kMaxChunk). For empty `data`: 0.
  /// `scanned` is in/out: bytes of `data` known to hold no cut; start a chunk with 0 and pass the
  /// value back with the longer `data`, so that nothing is scanned twice.
  [[nodiscard]] std::size_t next_cut(ByteView data, bool at_end, std::size_t& scanned) const;

 private:
  [[nodiscard]] std::optional<std::size_t> find_cut(const std::byte* p, std::size_t count) const;

  std::array<std::uint64_t, 256> out_;
  std::array<std::uint64_t, 256> mod_;
  std::shared_ptr<const WideScan> wide_;  // nullptr: not on this processor
};

}  // namespace medsave
