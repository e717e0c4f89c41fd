#pragma once

#include "medsave/base/bytes.hpp"
#include "medsave/base/error.hpp"

#include <cstdint>
#include <cstdlib>
#include <span>
#include <string_view>

/// What every fuzz target has in common: a decoder accepts its input, and then a property holds,
/// or it throws Error(corrupt) or Error(unsupported). Nothing else may happen.
namespace medsave::fuzz {

inline void require(bool property) {
  if (!property) std::abort();
}

template <typename Body>
int run(const std::uint8_t* data, std::size_t size, Body body) {
  // What is written depends on the zone.
  static const bool in_utc = ::setenv("TZ", "UTC", 1) == 0;
  require(in_utc);
  try {
    body(std::as_bytes(std::span(data, size)));
  } catch (const Error& e) {
    require(e.code() == Errc::corrupt || e.code() == Errc::unsupported);
  }
  return 0;
}

/// For formats that are both read and written: writing what was read settles after one round.
template <typename Decode, typename Encode>
int round_trip(const std::uint8_t* data, std::size_t size, Decode decode, Encode encode) {
  return run(data, size, [&](ByteView input) {
    const auto once = encode(decode(as_text(input)));
    require(encode(decode(once)) == once);
  });
}

}  // namespace medsave::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
