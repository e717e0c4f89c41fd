#pragma once

#include "medsave/base/bytes.hpp"
#include "medsave/base/id.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace medsave {

/// SHA-256 of `data` (FIPS 180-4). Thread-safe; OpenSSL objects are fetched once per process and
/// the context is reused per thread.
Id sha256(ByteView data);

/// SHA-256 over several pieces. Not thread-safe.
class Sha256Stream {
 public:
  Sha256Stream();
  ~Sha256Stream();
  Sha256Stream(Sha256Stream&&) noexcept;
  Sha256Stream& operator=(Sha256Stream&&) noexcept;
  void update(ByteView data);
  /// Ends the stream; the object starts a new one.
  Id finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// A message that is hashed step by step, side by side with another. The SHA instructions of a
/// processor depend on each other's results and leave it idle most of the time, so two messages at
/// once take hardly longer than one (measured: 3.4 GB/s instead of 1.8; a third gains little more).
/// Where the processor has no such instructions, or they give other hashes than OpenSSL, OpenSSL
/// hashes one message after the other. Not thread-safe.
class Sha256Job {
 public:
  /// `message` must be valid until finish().
  explicit Sha256Job(ByteView message = {}) : message_(message) {}

  /// Hashes both until one of them is done; nothing if one is already.
  static void advance_both(Sha256Job& a, Sha256Job& b);

  /// The message has grown: `message` begins with the bytes it had before, perhaps at another
  /// address.
  void extend(ByteView message) { message_ = message; }

  /// Whether finish() has next to nothing left to do.
  [[nodiscard]] bool done() const { return remaining() == 0; }
  /// Bytes that advance_both() has still to hash.
  [[nodiscard]] std::size_t remaining() const;
  /// Hashes what remains. Call it once.
  Id finish();

 private:
  using State = std::array<std::uint32_t, 8>;

  static bool use_lanes();
  static bool lanes_are_right();
  static void advance_in_lanes(std::span<Sha256Job* const> jobs);
  Id finish_in_lane();
  void pad_and_hash();

  ByteView message_;
  std::size_t hashed_ = 0;  // bytes
  State state_ = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                  0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
};

}  // namespace medsave
