#pragma once

// chunk: where files are cut into chunks, so that equal parts of files give equal blobs wherever
// they are. Begin here; polynomial.hpp is the secret on which the cuts depend.
// lib/chunk/wide_scan.hpp finds the same cuts with vector instructions.

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

/// Finds content-defined cut points: Rabin fingerprint of the last 64 bytes modulo the polynomial;
/// a cut where its low 20 bits are zero, between kMinChunk and kMaxChunk. Immutable after
/// construction (two 2 KiB tables), hence shared by all threads; copies share what they hold. No
/// I/O. Source: Rabin, "Fingerprinting by random polynomials" (1981); medsave-repository(5),
/// "CHUNKS".
class Chunker {
 public:
  /// `vector_instructions`: use the processor's vector instructions if it has suitable ones. The
  /// cuts do not depend on this.
  explicit Chunker(const Polynomial& polynomial, bool vector_instructions = true);

  /// Length of the first chunk of `data`, which begins at a chunk start. `at_end` says that `data`
  /// reaches the end of the file. Returns 0 when more data is needed to decide (never when at_end
  /// or data.size() >= kMaxChunk). For empty `data`: 0. `scanned` is in/out: bytes of `data` that
  /// are known to contain no cut; start a chunk with 0 and pass the value back with the longer
  /// `data`, so that nothing is scanned twice.
  [[nodiscard]] std::size_t next_cut(ByteView data, bool at_end, std::size_t& scanned) const;

 private:
  [[nodiscard]] std::optional<std::size_t> find_cut(const std::byte* p, std::size_t count) const;

  std::array<std::uint64_t, 256> out_;
  std::array<std::uint64_t, 256> mod_;
  std::shared_ptr<const WideScan> wide_;  // nullptr: not on this processor
};

}  // namespace medsave
