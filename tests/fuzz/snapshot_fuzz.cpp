#include "fuzz.hpp"

#include "medsave/format/snapshot.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return medsave::fuzz::round_trip(data, size, medsave::decode_snapshot, medsave::encode_snapshot);
}
